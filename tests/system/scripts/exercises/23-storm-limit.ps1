# Exercise 23: a limit for broadcasts.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
"noisy", "quiet" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
Set-GuestAddress noisy 10.0.0.1
Set-GuestAddress quiet 10.0.0.2
Check "it works" (Reaches noisy 10.0.0.2)
Set-VMNetworkAdapter -VMName "noisy" -StormLimit 20
Check "the limit" ((Get-VMNetworkAdapter -VMName "noisy").StormLimit -eq 20)
Check "what is for one is not limited" (Reaches noisy 10.0.0.2)
