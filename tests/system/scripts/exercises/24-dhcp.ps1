# Exercise 24: a DHCP server on an internal switch: exclusions, a reservation, options.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Internal | Out-Null
New-NetIPAddress -InterfaceAlias "vEthernet (S)" -IPAddress 10.0.0.254 -PrefixLength 24 | Out-Null
New-VM -Name "dhcp1" -NoVHD -SwitchName "S" | Start-VM
Set-GuestAddress dhcp1 10.0.0.1
New-VM -Name "printer" -NoVHD -SwitchName "S" | Out-Null
Set-VMNetworkAdapter -VMName "printer" -StaticMacAddress "00155D010203"
Invoke-Command -VMName dhcp1 {
    Install-WindowsFeature -Name DHCP -IncludeManagementTools | Out-Null
    Add-DhcpServerv4Scope -Name "Lab" -StartRange 10.0.0.100 -EndRange 10.0.0.120 -SubnetMask 255.255.255.0 -LeaseDuration 4.00:00:00
    Add-DhcpServerv4ExclusionRange -ScopeId 10.0.0.0 -StartRange 10.0.0.100 -EndRange 10.0.0.115
    Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.105 -ClientId "00-15-5D-01-02-03" -Description "the printer"
    Set-DhcpServerv4OptionValue -ScopeId 10.0.0.0 -Router 10.0.0.254 -DnsServer 10.0.0.1 -DnsDomain lab.example -Force
}
"client1", "client2" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
Start-VM -Name "printer"

function Get-Address([string]$VMName) {
    Invoke-Command -VMName $VMName { (Get-NetIPAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4 -ErrorAction SilentlyContinue).IPAddress }
}
$first, $second = (Get-Address client1), (Get-Address client2)
$served = 116..120 | ForEach-Object { "10.0.0.$_" }
Check "leases of the range, and none that is excluded" ($first -in $served -and $second -in $served -and $first -ne $second)
Check "a reservation beats an exclusion" ((Get-Address printer) -eq "10.0.0.105")
$router = Invoke-Command -VMName client1 { (Get-NetIPConfiguration).IPv4DefaultGateway.NextHop }
$dns = Invoke-Command -VMName client1 { (Get-DnsClientServerAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4).ServerAddresses }
Check "router and DNS server" ($router -eq "10.0.0.254" -and $dns -contains "10.0.0.1" -and (Reaches client1 $router))

$leases = Invoke-Command -VMName dhcp1 { Get-DhcpServerv4Lease -ScopeId 10.0.0.0 }
Check "the leases" ((($leases.IPAddress | Sort-Object { "$_" }) -join " ") -eq (("10.0.0.105", $first, $second | Sort-Object) -join " "))
Check "their states" ((($leases | Where-Object { "$($_.IPAddress)" -eq "10.0.0.105" }).AddressState) -eq "ActiveReservation")

Invoke-Command -VMName client1 { ipconfig /release } | Out-Null
Check "released" ((Get-Address client1) -ne $first -and (Misses client2 $first))
Invoke-Command -VMName client1 { ipconfig /renew } | Out-Null
Check "renewed" ((Get-Address client1) -in $served -and (Reaches client2 (Get-Address client1)))
