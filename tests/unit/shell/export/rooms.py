"""Labs that cmdlets have made, as somebody could leave them behind who works on the console."""

from __future__ import annotations

from lab.model.objects import LabModel
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine
from lab.shell.world import desk

HOST = r"""
New-VMSwitch -Name "Lab (A) #1" -SwitchType Internal -Notes "It's `"quoted`" `$x`nnext line"
New-VMSwitch External -NetAdapterName Ethernet, "Ethernet 2" -MinimumBandwidthMode Absolute -EnableIov $true
Set-VMSwitch External -DefaultFlowMinimumBandwidthAbsolute 100000000
Set-VMSwitchTeam External -LoadBalancingAlgorithm Dynamic
Add-VMNetworkAdapter -ManagementOS -Name "Backup 1" -SwitchName External
Set-VMNetworkAdapter -ManagementOS -Name "Backup 1" -MinimumBandwidthAbsolute 200000000
Set-VMNetworkAdapterVlan -ManagementOS -VMNetworkAdapterName "Backup 1" -Access -VlanId 5
New-NetIPAddress -InterfaceAlias 'vEthernet (Backup 1)' -IPAddress 10.5.0.1 -PrefixLength 24
New-NetRoute 10.6.0.0/16 -InterfaceAlias 'vEthernet (Backup 1)' -NextHop 10.5.0.254 -RouteMetric 20
Rename-NetAdapter 'vEthernet (Backup 1)' "Backup's"
Set-NetIPInterface "Backup's" -NlMtuBytes 1400
Set-DnsClientServerAddress "Backup's" -ServerAddresses 10.5.0.53, fd00::53
Set-NetIPInterface "Backup's" -InterfaceMetric 7
Disable-NetAdapterBinding "Backup's" -ComponentID ms_tcpip6
New-NetIPAddress -InterfaceAlias 'vEthernet (External)' -IPAddress 192.168.1.77 -PrefixLength 24
Set-VMHost -MacAddressMinimum 00155D990000 -MacAddressMaximum 00155D9900FF -VirtualHardDiskPath "D:\V's"
Set-VMHost -ResourceMeteringSaveInterval 2:00:00
New-NetNat N1 -InternalIPInterfaceAddressPrefix 10.99.0.0/24
New-VHD C:\v\data.vhdx -SizeBytes 10GB -Fixed
"""

MACHINES = r"""
New-VMSwitch S1 -SwitchType Internal
New-VMSwitch External -NetAdapterName Ethernet
New-VM web1 -SwitchName External -MemoryStartupBytes 1GB -NewVHDPath C:\v\web1.vhdx -NewVHDSizeBytes 40GB -Generation 2
Set-VM web1 -Notes "Don't" -ProcessorCount 4 -DynamicMemory -AutomaticStartAction Start -AutomaticStartDelay 30
Set-VMProcessor web1 -ExposeVirtualizationExtensions $true -Reserve 10
Set-VMMemory web1 -Buffer 30 -Priority 80
Set-VMFirmware web1 -EnableSecureBoot Off
Add-VMNetworkAdapter -VMName web1 -Name "Back 'end [1]" -SwitchName S1
Add-VMNetworkAdapter -VMName web1 -Name "Network Adapter"
$back = @{ VMName = 'web1'; VMNetworkAdapterName = 'Back*' }
Set-VMNetworkAdapter @back -MacAddressSpoofing On -VmqWeight 0 -DeviceNaming On -StaticMacAddress 00155D010101
Set-VMNetworkAdapterFailoverConfiguration @back -IPv4Address 1.2.3.4 -IPv4SubnetMask 255.255.255.0
$blue = '11111111-2222-3333-4444-555555555555'
Add-VMNetworkAdapterRoutingDomainMapping @back -RoutingDomainID $blue -RoutingDomainName Blue -IsolationID 10, 20
Disable-VMIntegrationService web1 -Name VSS
Enable-VMResourceMetering web1
Start-VM web1
Invoke-Command -VMName web1 {
    Rename-NetAdapter Ethernet Front
    New-NetIPAddress 192.168.1.50 -InterfaceAlias Front -PrefixLength 24 -DefaultGateway 192.168.1.1
    New-NetIPAddress 192.168.1.51 -InterfaceAlias Front -PrefixLength 24
    Set-DnsClientServerAddress Front -ServerAddresses 192.168.1.1
    Set-DnsClientServerAddress Front -ResetServerAddresses
    Set-NetAdapter 'Ethernet 2' -MacAddress 02-00-00-00-00-01
    New-NetIPAddress fd01::5 -PrefixLength 64 -InterfaceAlias 'Ethernet 2'
    Set-DnsClientServerAddress 'Ethernet 2' -ServerAddresses 10.0.0.53
    Disable-NetAdapter 'Ethernet 3' -Confirm:$false
    Install-WindowsFeature Web-Server -IncludeManagementTools
}
New-VM old1 -Generation 1 -SwitchName External -BootDevice LegacyNetworkAdapter
Set-VMBios old1 -EnableNumLock
Add-VMDvdDrive old1 -ControllerNumber 1 -ControllerLocation 1 -Path C:\x.iso
New-VM saved1 -SwitchName External -Generation 2
Start-VM saved1; Save-VM saved1
New-VM off1 -SwitchName S1 -Generation 2
Start-VM off1
Invoke-Command -VMName off1 { New-NetIPAddress 10.0.0.9 -PrefixLength 24 -InterfaceAlias Ethernet }
Stop-VM off1 -TurnOff
"""

SERVICES = r"""
New-VMSwitch S -SwitchType Internal
New-NetIPAddress 10.0.1.1 -PrefixLength 24 -InterfaceAlias 'vEthernet (S)'
$names = 'dc1', 'dc2', 'w1', 'w2', 'w3'
$names | ForEach-Object { New-VM $_ -SwitchName S -Generation 2; Set-VMNetworkAdapter $_ -MacAddressSpoofing On }
Start-VM $names
$at = 2
foreach ($name in $names) {
    Invoke-Command -VMName $name { New-NetIPAddress "10.0.1.$using:at" -PrefixLength 24 -InterfaceAlias Ethernet }
    $at++
}
Invoke-Command -VMName dc2 { Install-WindowsFeature DHCP }
Invoke-Command -VMName dc1 {
    Install-WindowsFeature DHCP -IncludeManagementTools
    Add-DhcpServerInDC dc1.x 10.0.1.2
    Add-DhcpServerSecurityGroup
    Set-DhcpServerv4DnsSetting -DynamicUpdates Always
    Add-DhcpServerv4Class UEFI -Type Vendor -Data PXEClient:Arch:00007
    Add-DhcpServerv4Class "Foo's" -Type User -Data foo
    $span = @{ LeaseDuration = '2.03:04:05'; State = 'InActive' }
    Add-DhcpServerv4Scope -Name "Class room" 10.0.1.100 10.0.1.199 255.255.255.0 @span -Description "it's" -Delay 5
    Add-DhcpServerv4Policy UEFI OR -ScopeId 10.0.1.0 -VendorClass EQ, "UEFI*"
    Set-DhcpServerv4OptionValue 67 boot\x64.efi -ScopeId 10.0.1.0 -PolicyName UEFI
    Add-DhcpServerv4OptionDefinition PXE 60 String
    Set-DhcpServerv4OptionValue 60 PXEClient
    Set-DhcpServerv4OptionValue -DnsServer 10.0.1.2, 10.0.1.3 -DnsDomain a.b -Wpad http://x -WinsServer 10.0.1.9
    Set-DhcpServerv4OptionValue 26 1400 -ScopeId 10.0.1.0
    Add-DhcpServerv4ExclusionRange 10.0.1.0 10.0.1.110 10.0.1.120
    Add-DhcpServerv4Reservation 10.0.1.0 10.0.1.115 00-15-5D-01-02-03 -Name p -Description d
    Set-DhcpServerv4OptionValue -ReservedIP 10.0.1.115 -Router 10.0.1.1
    $standby = @{ ServerRole = 'Standby'; ReservePercent = 7; MaxClientLeadTime = '2:00:00' }
    Add-DhcpServerv4Failover F 10.0.1.0 dc2 @standby -AutoStateTransition $true -StateSwitchInterval 0:30:00
}
Invoke-Command -VMName w1 {
    New-NlbCluster -InterfaceName Ethernet -ClusterName www.web.x -ClusterPrimaryIP 10.0.1.50
    Get-NlbClusterPortRule | Remove-NlbClusterPortRule -Force
    Get-NlbCluster | Add-NlbClusterPortRule 80 80 -Protocol Tcp
    Get-NlbCluster | Add-NlbClusterPortRule 443 443 -Protocol Tcp -Mode Single
    Get-NlbCluster | Add-NlbClusterNode -NewNodeName w2 -NewNodeInterface Ethernet
    Get-NlbCluster | Add-NlbClusterNode -NewNodeName w3 -NewNodeInterface Ethernet
    Set-NlbClusterNode w3 -HostPriority 9
    Set-NlbClusterNode w2 -HostPriority 5 -InitialHostState Stopped
    $at = @{ InterfaceName = 'Ethernet'; IP = '10.0.1.50' }
    Set-NlbClusterPortRuleNodeWeight -HostName w2 @at -Port 80 -LoadWeight 10
    Set-NlbClusterPortRuleNodeHandlingPriority -HostName w3 @at -Port 443 -HandlingPriority 3
    Disable-NlbClusterPortRule -HostName w3 -InterfaceName Ethernet -Port 80
}
"""

ROOMS = {"host": HOST, "machines": MACHINES, "services": SERVICES}


def worked_on(script: str, model: LabModel | None = None) -> LabModel:
    """Return what a script makes of a lab, of an empty one unless one is given; an error in it fails the test."""
    place, ui = Description(model or desk("room")), BufferedHost()
    host = place.model.hosts[0].name
    for _ in Interpreter(place, Machine(host, host), ui).run(script):
        pass
    assert not ui.errors, ui.errors
    return place.model
