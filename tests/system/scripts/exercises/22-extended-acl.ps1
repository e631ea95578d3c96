# Exercise 22: extended ACLs: the weight decides, and what answers come back. Web and telnet are tried by the class.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
"web1", "client" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
Set-GuestAddress web1 10.0.0.1
Set-GuestAddress client 10.0.0.2

Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Deny -Direction Inbound -Weight 1
Check "everything is denied" (Misses client 10.0.0.1)
Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Allow -Direction Inbound -Protocol 1 -Weight 10
Check "the larger weight comes first: ping is allowed" (Reaches client 10.0.0.1)
Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Deny -Direction Inbound -RemoteIPAddress 10.0.0.2 -Protocol 1 -Weight 20
Check "and denied by a still larger one" (Misses client 10.0.0.1)
Remove-VMNetworkAdapterExtendedAcl -VMName "web1" -Direction Inbound -Weight 20
Check "removed by its weight" (Reaches client 10.0.0.1)

Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Deny -Direction Outbound -Weight 1
Check "no answer without an outbound rule" (Misses client 10.0.0.1)
Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Allow -Direction Outbound -Protocol 1 -Weight 10
Check "stateless needs both directions" (Reaches client 10.0.0.1)

Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Deny -Direction Inbound -LocalPort 23 -Protocol TCP -Weight 30
Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Allow -Direction Inbound -LocalPort 80 -Protocol TCP -Stateful $true -IdleSessionTimeout 60 -Weight 40
Add-VMNetworkAdapterExtendedAcl -VMName "web1" -Action Allow -Direction Inbound -LocalPort 81 -Protocol TCP -Weight 50
$weights = Get-VMNetworkAdapterExtendedAcl -VMName "web1" | Where-Object Direction -eq "Inbound" | Sort-Object { [int]$_.Weight } | ForEach-Object { $_.Weight }
Check "the rules" (($weights -join " ") -eq "1 10 30 40 50")
