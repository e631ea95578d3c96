# Exercise 9: two VMs with one static MAC address.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
"web1", "web2", "client" | ForEach-Object { New-VM $_ -NoVHD -SwitchName "S" | Out-Null }
Get-VM web* | Set-VMNetworkAdapter -StaticMacAddress "00-15-5D-01-02-03"
Start-VM -Name "web1", "client"
Set-GuestAddress web1 10.0.0.1
Set-GuestAddress client 10.0.0.3
Check "alone it works" (Reaches client 10.0.0.1)

# One of them cannot be reached; in a lab that is the second one, which does not start.
Start-VM -Name "web2" -ErrorAction SilentlyContinue -ErrorVariable conflict
Check "the conflict is reported, with the other's name" ("$conflict" -like "*00155D010203*web1*")
Check "the first one still works" ((Reaches client 10.0.0.1) -and (Get-VM web2).State -eq "Off")

Set-VMNetworkAdapter -VMName "web2" -StaticMacAddress "00-15-5D-01-02-04"
Start-VM -Name "web2"
Set-GuestAddress web2 10.0.0.2
Check "with an address of its own both do" ((Reaches client 10.0.0.1) -and (Reaches client 10.0.0.2) -and (Reaches web1 10.0.0.2))
