# Exercise 4: a switch with running VMs becomes external, and private.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Internal | Out-Null
New-NetIPAddress -InterfaceAlias "vEthernet (S)" -IPAddress 10.0.2.254 -PrefixLength 24 | Out-Null
1..2 | ForEach-Object {
    New-VM -Name "vm$_" -NoVHD -SwitchName "S" | Out-Null
    Start-VM "vm$_"
    Set-GuestAddress "vm$_" "10.0.2.$_"
    Set-GuestAddress "vm$_" "192.168.1.10$_"
}

Check "internal: the other VM and the host" ((Reaches vm1 10.0.2.2) -and (Reaches vm1 10.0.2.254) -and (HostReaches 10.0.2.1))
Check "internal: not the office" (Misses vm1 192.168.1.10)

Set-VMSwitch -Name "S" -NetAdapterName "Ethernet"
$switch = Get-VMSwitch -Name "S"
Check "external, with the management OS" ($switch.SwitchType -eq "External" -and $switch.AllowManagementOS)
Check "external: the other VM" (Reaches vm1 10.0.2.2)
Check "external: the office" ((Reaches vm1 192.168.1.10) -and (ComputerReaches pc1 192.168.1.101))
Check "external: the host" (Reaches vm1 192.168.1.20)

Set-VMSwitch -Name "S" -SwitchType Private
Check "private" ((Get-VMSwitch -Name "S").SwitchType -eq "Private")
Check "private: the other VM" ((Reaches vm1 10.0.2.2) -and (Reaches vm2 192.168.1.101))
Check "private: not the office" ((Misses vm1 192.168.1.10) -and (ComputerMisses pc1 192.168.1.101))
Check "private: not the host" ((Misses vm1 192.168.1.20) -and (Misses vm1 10.0.2.254))
Check "the host's NIC is its own again" ((HostReaches 192.168.1.10) -and -not (Get-NetAdapter -Name "vEthernet*"))
$running = Get-VM | Where-Object State -eq "Running" | Get-VMNetworkAdapter | Where-Object { $_.Connected -and $_.SwitchName -eq "S" }
Check "the VMs have run all the time, on their switch" (@($running).Count -eq 2)
