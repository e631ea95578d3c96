# What tutorials write, each line with its effect.
. "$PSScriptRoot\checks.ps1"

$p = @{Name='S'; NetAdapterName='Ethernet'; AllowManagementOS=$true}; New-VMSwitch @p | Out-Null
Check "splatting" ((Get-VMSwitch S).SwitchType -eq "External" -and (HostReaches 192.168.1.10))
New-VMSwitch Lab -SwitchType Internal | Out-Null
$ifIndex = (Get-NetAdapter -Name "vEthernet (Lab)").ifIndex
New-NetIPAddress -IPAddress 10.0.0.254 -PrefixLength 24 -InterfaceIndex $ifIndex | Out-Null
Check "the index of an interface" ((Get-NetIPAddress -InterfaceIndex $ifIndex -AddressFamily IPv4).IPAddress -eq "10.0.0.254")
$first = Get-NetAdapter | Where Status -eq Up | Select -First 1
Check "the first NIC that is up" (@($first).Count -eq 1 -and $first.Status -eq "Up")

1..3 | % { New-VM "vm$_" -SwitchName Lab -NoVHD } | Out-Null
"web1", "web2", "nlb1", "nlb2" | % { New-VM $_ -NoVHD } | Out-Null
Get-VM | Start-VM
1..3 | % { Set-GuestAddress "vm$_" "10.0.0.$_" }
Set-GuestAddress web1 10.0.0.11
Set-GuestAddress web2 10.0.0.12
Set-GuestAddress nlb1 10.0.0.21
Check "VMs by number" ((Reaches vm1 10.0.0.3) -and (Reaches vm2 10.0.0.254))
Check "no switch, no network" (Misses web1 10.0.0.12)

Get-VM web* | Get-VMNetworkAdapter | Connect-VMNetworkAdapter -SwitchName Lab
Check "adapters through the pipe are connected" ((Reaches web1 10.0.0.12) -and (Reaches vm1 10.0.0.11))
Get-VMSwitch Lab | Connect-VMNetworkAdapter -VMName nlb1
Check "the switch through the pipe" (Reaches nlb1 10.0.0.1)
Get-VMNetworkAdapter -VMName * | Where-Object SwitchName -eq Lab | Disconnect-VMNetworkAdapter
Check "all that are on a switch are disconnected" ((Misses vm1 10.0.0.2) -and (Misses web1 10.0.0.12) -and -not (Get-VMNetworkAdapter -VMName * | Where-Object Connected))
Get-VM | Get-VMNetworkAdapter | Connect-VMNetworkAdapter -SwitchName Lab
Check "and connected again" ((Reaches vm1 10.0.0.2) -and (Reaches web1 10.0.0.254))

Get-VM nlb* | Get-VMNetworkAdapter | Set-VMNetworkAdapter -MacAddressSpoofing On
$spoofing = Get-VMNetworkAdapter -VMName * | Where-Object MacAddressSpoofing -eq On | Sort-Object VMName
Check "MacAddressSpoofing of some" ((($spoofing.VMName) -join " ") -eq "nlb1 nlb2")
Get-VMNetworkAdapter -All | Set-VMNetworkAdapter -VmqWeight 50 -WarningAction SilentlyContinue
Check "VmqWeight of all" (-not (Get-VMNetworkAdapter -All | Where-Object VmqWeight -ne 50))

Get-VMNetworkAdapter -VMName vm1, vm2 | Set-VMNetworkAdapterVlan -Isolated -PrimaryVlanId 10 -SecondaryVlanId 200
Check "isolated" ((Misses vm1 10.0.0.2) -and (Misses vm1 10.0.0.3))
Get-VM vm1 | Set-VMNetworkAdapterVlan -Untagged
Get-VM vm2 | Set-VMNetworkAdapterVlan -Untagged
Check "untagged again" ((Reaches vm1 10.0.0.2) -and (Reaches vm1 10.0.0.3))
Get-VMNetworkAdapter -ManagementOS | Set-VMNetworkAdapterVlan -Access -VlanId 5
Check "the host in a VLAN" ((HostMisses 10.0.0.1) -and (HostMisses 192.168.1.10))
"vm1" | Set-VMNetworkAdapterVlan -Access -VlanId 5
Check "a VM by its name, in the same" (HostReaches 10.0.0.1)
Get-VMNetworkAdapter -ManagementOS | Set-VMNetworkAdapterVlan -Untagged
Get-VM vm1 | Set-VMNetworkAdapterVlan -Untagged
Check "out of it" ((HostReaches 10.0.0.1) -and (HostReaches 192.168.1.10))

$enabled = Get-VMSwitch Lab | Get-VMSwitchExtension | Where Enabled
Check "extensions of a switch" (@($enabled.Name) -contains "Microsoft Windows Filtering Platform")

Add-VMNetworkAdapterAcl -VMName vm1 -RemoteIPAddress ANY -Direction Both -Action Deny
Check "an ACL" (Misses vm1 10.0.0.2)
Get-VMNetworkAdapterAcl -VMName vm1 | Remove-VMNetworkAdapterAcl
Check "all ACLs of a VM taken away" (Reaches vm1 10.0.0.2)

Enable-VMResourceMetering -VMName vm1
Check "metering" ((Get-VM vm1 | Measure-VM).VMName -eq "vm1")

New-NetNat -Name N -InternalIPInterfaceAddressPrefix 10.0.0.0/24 | Out-Null
Invoke-Command -VMName vm1 { New-NetRoute -DestinationPrefix 0.0.0.0/0 -InterfaceAlias Ethernet -NextHop 10.0.0.254 | Out-Null }
Check "a NAT" (Reaches vm1 203.0.113.80)
Get-NetNat | Remove-NetNat -Confirm:$false
Check "no NAT any more" (-not (Get-NetNat) -and (Misses vm1 203.0.113.80))

# In a VM, as no virtual switch can be on a team of the host since Windows Server 2022.
Stop-VM nlb2 -TurnOff -Force
New-VMSwitch S2 -NetAdapterName "Ethernet 2" -AllowManagementOS $false | Out-Null
Connect-VMNetworkAdapter -VMName nlb2 -SwitchName S
Add-VMNetworkAdapter -VMName nlb2 -SwitchName S2
Set-VMNetworkAdapter -VMName nlb2 -AllowTeaming On
Start-VM nlb2
$teams = Invoke-Command -VMName nlb2 {
    New-NetLbfoTeam -Name T1 -TeamMembers "Ethernet", "Ethernet 2" -Confirm:$false -WarningAction SilentlyContinue | Out-Null
    @(Get-NetLbfoTeam T*).Count
    Get-NetLbfoTeam T* | Remove-NetLbfoTeam -Confirm:$false
    @(Get-NetLbfoTeam).Count
}
Check "a team is made, and taken apart" (($teams -join " ") -eq "1 0")

Invoke-Command -VMName nlb1 {
    New-NlbCluster -InterfaceName Ethernet -ClusterName nlb -ClusterPrimaryIP 10.0.0.100 -SubnetMask 255.255.255.0 -Force | Out-Null
}
$rules = Invoke-Command -VMName nlb1 { Get-NlbClusterNode | Get-NlbClusterPortRule }
Check "the rules of nodes" (@($rules).Count -eq 1 -and $rules.EndPort -eq 65535)
