# Exercise 27: a unicast NLB cluster of web VMs, first without MAC address spoofing.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
Set-LabSwitch S -LearningMode Pinned    # as since Windows Server 2008 R2
$number = 0
"web1", "web2", "client" | ForEach-Object {
    $number++
    New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM
    Set-GuestAddress $_ "10.0.0.$number"
}
Invoke-Command -VMName web1, web2 { Install-WindowsFeature -Name NLB -IncludeManagementTools | Out-Null }
Invoke-Command -VMName web1 {
    New-NlbCluster -InterfaceName "Ethernet" -ClusterName "web" -ClusterPrimaryIP 10.0.0.100 -SubnetMask 255.255.255.0 -OperationMode Unicast -Force -WarningAction SilentlyContinue | Out-Null
}
Check "spoofing Off: the cluster is not reached" (Misses client 10.0.0.100)

Get-VM web* | Get-VMNetworkAdapter | Set-VMNetworkAdapter -MacAddressSpoofing On
Invoke-Command -VMName web1 {
    Get-NlbCluster | Add-NlbClusterNode -NewNodeName "web2" -NewNodeInterface "Ethernet" -Force | Out-Null
}
foreach ($try in 1..60) {
    $states = Invoke-Command -VMName web1 { @(Get-NlbClusterNode).State }
    if (@($states | Where-Object { "$_" -like "Converged*" }).Count -eq 2) { break }
    Start-Sleep -Milliseconds 250
}
Check "spoofing On: it converges" (@($states | Where-Object { "$_" -like "Converged*" }).Count -eq 2)
Check "the cluster is reached" (Reaches client 10.0.0.100)
$mac = Invoke-Command -VMName client { (Get-NetNeighbor -IPAddress 10.0.0.100).LinkLayerAddress }
Check "its MAC address" ($mac -eq "02-BF-0A-00-00-64")
$said = Invoke-Command -VMName web1 { nlb ip2mac 10.0.0.100 }
Check "as nlb.exe says" ([bool]($said -match "02-bf-0a-00-00-64"))
