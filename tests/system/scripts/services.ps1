# Two DHCP servers that share a scope, and a cluster of two web servers: as scripts for Windows Server make them.
$servers = 'dc1', 'dc2'
foreach ($server in $servers) {
    Invoke-Command -VMName $server {
        $result = Install-WindowsFeature -Name DHCP -IncludeManagementTools
        Restart-Service -Name DHCPServer
        "$env:COMPUTERNAME $($result.Success)"
    }
}
Invoke-Command -VMName dc1 {
    $scope = @{
        Name          = 'Class Room'
        StartRange    = '10.0.1.100'
        EndRange      = '10.0.1.199'
        SubnetMask    = '255.255.255.0'
        LeaseDuration = New-TimeSpan -Hours 4
        State         = 'Active'
    }
    Add-DhcpServerv4Scope @scope
    Add-DhcpServerv4ExclusionRange -ScopeId 10.0.1.0 -StartRange 10.0.1.100 -EndRange 10.0.1.119
    Set-DhcpServerv4OptionValue -ScopeId 10.0.1.0 -Router 10.0.1.1 -DnsServer 10.0.1.2, 10.0.1.3
    Get-DhcpServerv4Scope | Add-DhcpServerv4Reservation -IPAddress 10.0.1.105 -ClientId 00-15-5D-00-01-10 -Name printer
    Add-DhcpServerv4Failover -Name pair -PartnerServer dc2 -ScopeId 10.0.1.0 -SharedSecret Pa55 -Force
}
Invoke-Command -VMName web1 {
    New-NlbCluster -InterfaceName Ethernet -ClusterName www -ClusterPrimaryIP 10.0.1.90 | Out-Null
    Get-NlbCluster | Add-NlbClusterNode -NewNodeName web2 -NewNodeInterface Ethernet | Out-Null
    (Get-NlbClusterNode).Count
}
