# Exercise 17: a monitor VM sees what another VM sends and gets, if it is on the same switch.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
New-VMSwitch -Name "Other" -SwitchType Private | Out-Null
"client", "web1", "monitor" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
New-VM -Name "stranger" -NoVHD -SwitchName "Other" | Start-VM
Set-GuestAddress client 10.0.0.1
Set-GuestAddress web1 10.0.0.2
Set-GuestAddress monitor 10.0.0.3
Set-GuestAddress stranger 10.0.0.3

# What a VM's network analyzer shows of two pings: each is a request and its answer.
function Get-Seen([string]$VMName) {
    $capture = Start-LabCapture $VMName -Path "$env:TEMP/$VMName.pcap" -Filter "icmp and host 10.0.0.2"
    Invoke-Command -VMName client { ping -n 1 -w 1000 10.0.0.2; ping -n 1 -w 1000 10.0.0.2 } | Out-Null
    Start-Sleep -Milliseconds 100
    ($capture | Stop-LabCapture).Frames
    Remove-Item "$env:TEMP/$VMName.pcap"
}

Reaches client 10.0.0.2 | Out-Null
Check "without mirroring: nothing" ((Get-Seen monitor) -eq 0)
Set-VMNetworkAdapter -VMName "monitor" -PortMirroring Destination
Set-VMNetworkAdapter -VMName "web1" -PortMirroring Source
Set-VMNetworkAdapter -VMName "stranger" -PortMirroring Destination
Check "both directions" ((Get-Seen monitor) -eq 4)
Check "not on another switch" ((Get-Seen stranger) -eq 0)
Get-VMNetworkAdapter -VMName "web1" | Set-VMNetworkAdapter -PortMirroring None
Check "nothing without a source" ((Get-Seen monitor) -eq 0)
