# Exercise 34: without the Key-Value Pair Exchange the host sees no addresses, and the network works.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
"web1", "web2" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
Set-GuestAddress web1 10.0.0.1
Set-GuestAddress web2 10.0.0.2
Check "the host sees the address" ((Get-VMNetworkAdapter -VMName "web1").IPAddresses -contains "10.0.0.1")

Disable-VMIntegrationService -VMName "web1" -Name "Key-Value Pair Exchange"
Check "it is off" (-not (Get-VMIntegrationService -VMName "web1" -Name "Key-Value Pair Exchange").Enabled)
Check "the host sees nothing" (@((Get-VMNetworkAdapter -VMName "web1").IPAddresses).Count -eq 0)
Check "the network works" ((Reaches web2 10.0.0.1) -and (Reaches web1 10.0.0.2))

# All of it goes over the VM bus: also without a network.
Disconnect-VMNetworkAdapter -VMName "web1"
Check "cut off, it can be entered and shut down" ((Invoke-Command -VMName web1 { $env:COMPUTERNAME }) -eq "web1" -and (Misses web2 10.0.0.1))
Stop-VM -Name "web1"
Check "it is off now" ((Get-VM -Name "web1").State -eq "Off")

Enable-VMIntegrationService -VMName "web1" -Name "Key-Value Pair Exchange"
Connect-VMNetworkAdapter -VMName "web1" -SwitchName "S"
Start-VM -Name "web1"
Check "again" ((Get-VMNetworkAdapter -VMName "web1").IPAddresses -contains "10.0.0.1" -and (Reaches web2 10.0.0.1))
