# Exercise 19: a rogue DHCP server, and the guard that keeps its offers in.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
function New-DhcpServer([string]$VMName, [string]$IPAddress, [string]$From, [string]$To) {
    New-VM -Name $VMName -NoVHD -SwitchName "S" | Start-VM
    Set-GuestAddress $VMName $IPAddress
    Invoke-Command -VMName $VMName -ArgumentList $From, $To {
        param($From, $To)
        Install-WindowsFeature -Name DHCP -IncludeManagementTools | Out-Null
        Add-DhcpServerv4Scope -Name "Lab" -StartRange $From -EndRange $To -SubnetMask 255.255.255.0 -State Active
    }
}
function Get-Lease {
    Invoke-Command -VMName client { ipconfig /release; ipconfig /renew } | Out-Null
    Invoke-Command -VMName client { (Get-NetIPAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4 -ErrorAction SilentlyContinue).IPAddress }
}

New-DhcpServer rogue 10.0.0.66 10.0.0.200 10.0.0.210
New-VM -Name "client" -NoVHD -SwitchName "S" | Start-VM
Check "the rogue serves" ((Get-Lease) -like "10.0.0.2??")

Set-VMNetworkAdapter -VMName "rogue" -DhcpGuard On
New-DhcpServer dhcp1 10.0.0.1 10.0.0.100 10.0.0.110
$capture = Start-LabCapture rogue -Path "$env:TEMP/rogue.pcap" -Filter "udp dst port 67"
$leases = 1..3 | ForEach-Object { Get-Lease }
Check "guarded: the legitimate one alone serves" (@($leases -like "10.0.0.1??").Count -eq 3)
Check "what clients ask still reaches the rogue" (($capture | Stop-LabCapture).Frames -ge 3)
Remove-Item "$env:TEMP/rogue.pcap"
Check "and what it answers is dropped" (@(Get-LabDrop rogue).Reason -contains 17)
