# Takes away what the exercises have made on this host.
Get-VM | Stop-VM -TurnOff -Force -WarningAction SilentlyContinue
Get-VM | Remove-VM -Force
Get-NetNat | Remove-NetNat -Confirm:$false
Get-VMSwitch | Remove-VMSwitch -Force
Get-NetLbfoTeam | Remove-NetLbfoTeam -Confirm:$false
