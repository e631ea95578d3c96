# Exercise 28: a node of a multicast cluster is drained, and one is killed.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
$number = 0
"web1", "web2", "web3", "client" | ForEach-Object {
    $number++
    New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM
    Set-GuestAddress $_ "10.0.0.$number"
}
function Wait-Converged([int]$Nodes, [string]$From = "web1") {
    foreach ($try in 1..60) {
        $states = Invoke-Command -VMName $From { @(Get-NlbClusterNode).State }
        if (@($states | Where-Object { "$_" -like "Converged*" }).Count -eq $Nodes) { return $true }
        Start-Sleep -Milliseconds 250
    }
    $false
}
Invoke-Command -VMName web1 {
    New-NlbCluster -InterfaceName "Ethernet" -ClusterName "web" -ClusterPrimaryIP 10.0.0.100 -SubnetMask 255.255.255.0 -OperationMode Multicast -Force | Out-Null
    "web2", "web3" | ForEach-Object { Get-NlbCluster | Add-NlbClusterNode -NewNodeName $_ -NewNodeInterface "Ethernet" -Force | Out-Null }
    Get-NlbClusterPortRule -Port 80 | Set-NlbClusterPortRule -NewAffinity None | Out-Null
}
Check "three nodes converge" (Wait-Converged 3)
Check "the rule" ((Invoke-Command -VMName web1 { (Get-NlbClusterPortRule -Port 80).Affinity }) -eq "None")
Check "the cluster is reached" (Reaches client 10.0.0.100)
$mac = Invoke-Command -VMName client { (Get-NetNeighbor -IPAddress 10.0.0.100).LinkLayerAddress }
Check "its MAC address" ($mac -eq "03-BF-0A-00-00-64")

Invoke-Command -VMName web1 { Get-NlbClusterNode -NodeName "web3" | Stop-NlbClusterNode -Drain -Timeout 1 | Out-Null }
Check "one is drained" (Wait-Converged 2)
Stop-VM -Name "web2" -TurnOff -Force
Check "one is killed" (Wait-Converged 1)
Check "the last one answers" (Reaches client 10.0.0.100)
