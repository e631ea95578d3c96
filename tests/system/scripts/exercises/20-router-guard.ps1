# Exercise 20: a VM that announces itself as a router.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
New-VMSwitch -Name "Behind" -SwitchType Private | Out-Null
"client", "rogue" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Out-Null }
New-VM -Name "server" -NoVHD -SwitchName "Behind" | Out-Null
Add-VMNetworkAdapter -VMName "rogue" -SwitchName "Behind" -Name "Behind"
Get-VM | Start-VM
Set-GuestAddress rogue 10.0.0.1
Set-GuestAddress rogue 10.0.1.1 -Interface "Ethernet 2"
Set-GuestAddress client 10.0.0.2 -Gateway 10.0.0.1
Set-GuestAddress server 10.0.1.2 -Gateway 10.0.1.1
Invoke-Command -VMName rogue {
    New-NetIPAddress -InterfaceAlias "Ethernet" -IPAddress 2001:db8:66::1 -PrefixLength 64 | Out-Null
    Set-NetIPInterface -InterfaceAlias "Ethernet", "Ethernet 2" -AddressFamily IPv4 -Forwarding Enabled
    Set-NetIPInterface -InterfaceAlias "Ethernet" -AddressFamily IPv6 -Forwarding Enabled -Advertising Enabled
}
function Enable-Discovery { Invoke-Command -VMName client { Set-NetIPInterface -InterfaceAlias "Ethernet" -AddressFamily IPv6 -RouterDiscovery Enabled } }
function Disable-Discovery { Invoke-Command -VMName client { Set-NetIPInterface -InterfaceAlias "Ethernet" -AddressFamily IPv6 -RouterDiscovery Disabled } }
function Test-Autoconfigured([int]$Tries) {
    foreach ($try in 1..$Tries) {
        $found = Invoke-Command -VMName client { Get-NetIPAddress -AddressFamily IPv6 | Where-Object IPAddress -like "2001:db8:66:*" }
        if ($found) { return $true }
        Start-Sleep -Milliseconds 200
    }
    $false
}

Enable-Discovery
Check "the rogue's advertisements have an effect" (Test-Autoconfigured 20)
Disable-Discovery
Check "it is gone" (-not (Test-Autoconfigured 1))

Set-VMNetworkAdapter -VMName "rogue" -RouterGuard On
Enable-Discovery
Check "guarded: they have none" (-not (Test-Autoconfigured 8))
Check "the switch says why" (@(Get-LabDrop rogue).Reason -contains 18)
Check "it still forwards" ((Reaches client 10.0.1.2) -and (Reaches server 10.0.0.2))
