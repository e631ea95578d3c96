# Exercise 1: a private, an internal and an external switch, two VMs on each, and who reaches whom.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "Private" -SwitchType Private | Out-Null
New-VMSwitch -Name "Internal" -SwitchType Internal | Out-Null
New-VMSwitch -Name "External" -NetAdapterName "Ethernet" -AllowManagementOS $true | Out-Null
New-NetIPAddress -InterfaceAlias "vEthernet (Internal)" -IPAddress 10.0.2.254 -PrefixLength 24 | Out-Null

# Every VM has an address of the host's internal network and one of the office, so that only switches keep them apart.
$number = 0
foreach ($switch in "Private", "Internal", "External") {
    foreach ($which in 1, 2) {
        $number++
        $name = "$switch$which"
        New-VM -Name $name -MemoryStartupBytes 512MB -NoVHD -SwitchName $switch | Out-Null
        Start-VM -Name $name
        Set-GuestAddress $name "10.0.2.$number"
        Set-GuestAddress $name "192.168.1.$(100 + $number)"
    }
}

Check "two VMs on a private switch" (Reaches Private1 10.0.2.2)
Check "two VMs on an internal switch" (Reaches Internal1 10.0.2.4)
Check "two VMs on an external switch" (Reaches External1 10.0.2.6)
Check "private to internal" (Misses Private1 10.0.2.3)
Check "internal to external" (Misses Internal1 10.0.2.5)
Check "external to private" (Misses External1 10.0.2.1)

Check "internal to the host" (Reaches Internal1 10.0.2.254)
Check "the host to internal" (HostReaches 10.0.2.3)
Check "private to the host" (Misses Private1 10.0.2.254)
Check "the host to private" (HostMisses 10.0.2.1)
Check "external to the host" (Reaches External1 192.168.1.20)
Check "the host to external" (HostReaches 192.168.1.105)

Check "external to the office" (Reaches External1 192.168.1.10)
Check "the office to external" (ComputerReaches pc1 192.168.1.105)
Check "internal to the office" (Misses Internal1 192.168.1.10)
Check "private to the office" (Misses Private1 192.168.1.10)
Check "the host to the office" (HostReaches 192.168.1.10)

$types = Get-VMSwitch | Sort-Object Name | ForEach-Object { "$($_.Name) $($_.SwitchType)" }
Check "the types" (($types -join ", ") -eq "External External, Internal Internal, Private Private")
Check "no host adapter on a private switch" (-not (Get-VMNetworkAdapter -ManagementOS | Where-Object SwitchName -eq "Private"))
