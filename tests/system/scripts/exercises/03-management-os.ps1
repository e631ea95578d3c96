# Exercise 3: management OS access is taken from a switch, and given back.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -NetAdapterName "Ethernet" -AllowManagementOS $true | Out-Null
Add-VMNetworkAdapter -ManagementOS -Name "Backup" -SwitchName "S"
New-NetIPAddress -InterfaceAlias "vEthernet (Backup)" -IPAddress 10.0.9.1 -PrefixLength 24 | Out-Null
New-VM -Name "web1" -NoVHD -SwitchName "S" | Start-VM -Passthru | Out-Null
Set-GuestAddress web1 192.168.1.51
Set-GuestAddress web1 10.0.9.2

Check "two host adapters" (@(Get-VMNetworkAdapter -ManagementOS -SwitchName "S").Count -eq 2)
Check "VM and host" ((Reaches web1 192.168.1.20) -and (Reaches web1 10.0.9.1) -and (HostReaches 192.168.1.51))

Set-VMSwitch -Name "S" -AllowManagementOS $false
Check "AllowManagementOS is off" (-not (Get-VMSwitch -Name "S").AllowManagementOS)
Check "every host adapter is gone" (-not (Get-VMNetworkAdapter -ManagementOS) -and -not (Get-NetAdapter -Name "vEthernet*"))
Check "the host is cut off" ((HostMisses 192.168.1.10) -and (ComputerMisses pc1 192.168.1.20))
Check "and from its VM, too" ((Misses web1 192.168.1.20) -and (Misses web1 10.0.9.1))
Check "the VM reaches the office" ((Reaches web1 192.168.1.10) -and (ComputerReaches pc1 192.168.1.51))

Set-VMSwitch -Name "S" -AllowManagementOS $true
$adapters = @(Get-VMNetworkAdapter -ManagementOS)
Check "one host adapter is back" ($adapters.Count -eq 1 -and $adapters[0].Name -eq "S")
if (-not (Get-NetIPAddress -InterfaceAlias "vEthernet (S)" -IPAddress 192.168.1.20 -ErrorAction SilentlyContinue)) {
    New-NetIPAddress -InterfaceAlias "vEthernet (S)" -IPAddress 192.168.1.20 -PrefixLength 24 -DefaultGateway 192.168.1.1 | Out-Null
}
Check "the host is back" ((HostReaches 192.168.1.10) -and (ComputerReaches pc1 192.168.1.20) -and (Reaches web1 192.168.1.20))
