# Exercise 29: a team of NICs in a switch loses a member; and a team in a VM.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "SET" -NetAdapterName "Ethernet", "Ethernet 2" -EnableEmbeddedTeaming $true -AllowManagementOS $true | Out-Null
New-VM -Name "web1" -NoVHD -SwitchName "SET" | Start-VM
Set-GuestAddress web1 192.168.1.51
Check "a team of two" ((Get-VMSwitch -Name "SET").EmbeddedTeamingEnabled -and @((Get-VMSwitchTeam -Name "SET").NetAdapterInterfaceDescription).Count -eq 2)
Check "it works" ((Reaches web1 192.168.1.10) -and (HostReaches 192.168.1.10))
Set-LabNic "Ethernet" -Connected $false
Check "without the first member" ((Reaches web1 192.168.1.10) -and (ComputerReaches pc1 192.168.1.51) -and (HostReaches 192.168.1.10))
Set-LabNic "Ethernet" -Connected $true
Set-LabNic "Ethernet 2" -Connected $false
Check "without the second member" ((Reaches web1 192.168.1.10) -and (ComputerReaches pc1 192.168.1.51) -and (HostReaches 192.168.1.10))
Set-LabNic "Ethernet" -Connected $false
Check "without both" ((Misses web1 192.168.1.10) -and (HostMisses 192.168.1.10))
Set-LabNic "Ethernet", "Ethernet 2" -Connected $true
Remove-VMSwitchTeamMember -VMSwitchName "SET" -NetAdapterName "Ethernet 2"
Check "taken out of the team" (@((Get-VMSwitchTeam -Name "SET").NetAdapterInterfaceDescription).Count -eq 1 -and (Reaches web1 192.168.1.10))
Get-VM | Stop-VM -TurnOff -Force
Remove-VMSwitch -Name "SET" -Force

# A team in a VM: two adapters on two external switches.
New-VMSwitch -Name "A" -NetAdapterName "Ethernet" -AllowManagementOS $false | Out-Null
New-VMSwitch -Name "B" -NetAdapterName "Ethernet 2" -AllowManagementOS $false | Out-Null
New-VM -Name "teamed" -NoVHD -SwitchName "A" | Out-Null
Add-VMNetworkAdapter -VMName "teamed" -SwitchName "B"
Set-VMNetworkAdapter -VMName "teamed" -AllowTeaming On
Start-VM -Name "teamed"
Invoke-Command -VMName teamed {
    New-NetLbfoTeam -Name "Team" -TeamMembers "Ethernet", "Ethernet 2" -TeamingMode SwitchIndependent -LoadBalancingAlgorithm TransportPorts -Confirm:$false -WarningAction SilentlyContinue | Out-Null
    New-NetIPAddress -InterfaceAlias "Team" -IPAddress 192.168.1.52 -PrefixLength 24 | Out-Null
}
Check "the guest's team works" (Reaches teamed 192.168.1.10)
Set-LabNic "Ethernet" -Connected $false
$states = Invoke-Command -VMName teamed { (Get-NetAdapter -Name "Ethernet").Status, (Get-NetAdapter -Name "Ethernet 2").Status }
Check "the guest sees that the link is down" (($states -join " ") -eq "Disconnected Up")
Check "and goes on by the other" ((Reaches teamed 192.168.1.10) -and (ComputerReaches pc1 192.168.1.52))
Set-LabNic "Ethernet" -Connected $true
