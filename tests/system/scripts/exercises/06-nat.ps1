# Exercise 6: a NAT switch as in Microsoft's guide, and a static mapping to a web server behind it.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -SwitchName "NATSwitch" -SwitchType Internal | Out-Null
$ifIndex = (Get-NetAdapter -Name "vEthernet (NATSwitch)").ifIndex
New-NetIPAddress -IPAddress 192.168.100.1 -PrefixLength 24 -InterfaceIndex $ifIndex | Out-Null
New-NetNat -Name "NATNetwork" -InternalIPInterfaceAddressPrefix 192.168.100.0/24 | Out-Null

New-VM -Name "web1" -NoVHD -SwitchName "NATSwitch" | Out-Null
Start-VM -Name "web1"
foreach ($try in 1..20) {
    $got = Invoke-Command -VMName "web1" { (Get-NetIPAddress -InterfaceAlias Ethernet -AddressFamily IPv4 -ErrorAction SilentlyContinue).IPAddress }
    if ($got) { break }
    Start-Sleep -Milliseconds 250
}
Check "nobody gives the VM an address" ($got -like "169.254.*")
Set-GuestAddress web1 192.168.100.11 -Gateway 192.168.100.1

Check "the VM reaches its gateway" (Reaches web1 192.168.100.1)
Check "the VM reaches the office" (Reaches web1 192.168.1.10)
Check "the VM reaches the internet" (Reaches web1 203.0.113.80)
Check "the office does not reach the VM" (ComputerMisses pc1 192.168.100.11)

$second = @{ Name = "Second"; InternalIPInterfaceAddressPrefix = "192.168.101.0/24" }
New-NetNat @second -ErrorAction SilentlyContinue -ErrorVariable refused | Out-Null
Check "a second NAT is refused" ($refused.Count -gt 0 -and @(Get-NetNat).Count -eq 1)

Add-NetNatStaticMapping -NatName "NATNetwork" -Protocol TCP -ExternalIPAddress 0.0.0.0 -ExternalPort 8080 -InternalIPAddress 192.168.100.11 -InternalPort 80 | Out-Null
$mapping = Get-NetNatStaticMapping -NatName "NATNetwork"
Check "the mapping" ("$($mapping.ExternalPort) to $($mapping.InternalIPAddress):$($mapping.InternalPort)" -eq "8080 to 192.168.100.11:80")
