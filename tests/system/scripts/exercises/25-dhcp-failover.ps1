# Exercise 25: two DHCP servers: one stops, the other goes on; settings are replicated by hand.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
"dhcp1", "dhcp2" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
Set-GuestAddress dhcp1 10.0.0.1
Set-GuestAddress dhcp2 10.0.0.2
Invoke-Command -VMName dhcp1, dhcp2 { Install-WindowsFeature -Name DHCP -IncludeManagementTools | Out-Null }
Invoke-Command -VMName dhcp1 {
    Add-DhcpServerv4Scope -Name "Lab" -StartRange 10.0.0.100 -EndRange 10.0.0.120 -SubnetMask 255.255.255.0
    Add-DhcpServerv4Failover -Name "Failover" -PartnerServer dhcp2 -ScopeId 10.0.0.0 -SharedSecret "secret" -Force
}
$mode = Invoke-Command -VMName dhcp2 { (Get-DhcpServerv4Failover).Mode }
Check "the partner has the relationship and the scope" ($mode -eq "LoadBalance" -and (Invoke-Command -VMName dhcp2 { @(Get-DhcpServerv4Scope).Count }) -eq 1)

New-VM -Name "client" -NoVHD -SwitchName "S" | Start-VM
function Get-Address { Invoke-Command -VMName client { (Get-NetIPAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4).IPAddress } }
$first = Get-Address
Check "a lease" ($first -like "10.0.0.1??")
foreach ($try in 1..20) {
    $known = Invoke-Command -VMName dhcp1, dhcp2 { (Get-DhcpServerv4Lease -ScopeId 10.0.0.0).IPAddress }
    if (@($known).Count -eq 2) { break }
    Start-Sleep -Milliseconds 100
}
Check "both know the lease" (@($known | Where-Object { "$_" -eq $first }).Count -eq 2)

Invoke-Command -VMName dhcp1 { Add-DhcpServerv4ExclusionRange -ScopeId 10.0.0.0 -StartRange 10.0.0.118 -EndRange 10.0.0.120 }
Check "a setting is not replicated by itself" ((Invoke-Command -VMName dhcp2 { @(Get-DhcpServerv4ExclusionRange -ScopeId 10.0.0.0).Count }) -eq 0)
Invoke-Command -VMName dhcp1 { Invoke-DhcpServerv4FailoverReplication -ScopeId 10.0.0.0 -Force | Out-Null }
Check "but when it is asked for" ((Invoke-Command -VMName dhcp2 { @(Get-DhcpServerv4ExclusionRange -ScopeId 10.0.0.0).Count }) -eq 1)

$server = if ((Invoke-Command -VMName client { ipconfig /all }) -match "DHCP Server.*10\.0\.0\.1\s*$") { "dhcp1" } else { "dhcp2" }
$partner = if ($server -eq "dhcp1") { "dhcp2" } else { "dhcp1" }
Stop-VM -Name $server -TurnOff -Force
foreach ($try in 1..40) {
    $state = Invoke-Command -VMName $partner { (Get-DhcpServerv4Failover -Name "Failover").State }
    if ("$state" -ne "Normal") { break }
    Start-Sleep -Milliseconds 250
}
foreach ($try in 1..3) {
    Invoke-Command -VMName client { ipconfig /renew } | Out-Null
    if ((Get-Address) -eq $first) { break }
}
Check "renewed by the partner, the same address" ((Get-Address) -eq $first)
