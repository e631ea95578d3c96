# Exercise 5: a switch in use is deleted.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
"web1", "web2" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" } | Start-VM
Set-GuestAddress web1 10.0.0.1
Set-GuestAddress web2 10.0.0.2
Set-VMNetworkAdapterVlan -VMName web1, web2 -Access -VlanId 7
$mac = (Get-VMNetworkAdapter -VMName web1).MacAddress
Check "it works" (Reaches web1 10.0.0.2)

Remove-VMSwitch -Name "S" -Force
$adapters = @(Get-VMNetworkAdapter -VMName web1, web2)
Check "the adapters survive" ($adapters.Count -eq 2)
Check "they are connected to nothing" (-not ($adapters | Where-Object { $_.Connected -or $_.SwitchName }))
Check "nothing is reached" ((Misses web1 10.0.0.2) -and (Misses web2 10.0.0.1))
Check "the VMs run" (-not (Get-VM | Where-Object State -ne "Running"))

New-VMSwitch -Name "New" -SwitchType Private | Out-Null
Get-VM web* | Get-VMNetworkAdapter | Connect-VMNetworkAdapter -SwitchName "New"
Check "they are connected again" ((Get-VMNetworkAdapter -VMName web1).SwitchName -eq "New" -and (Reaches web1 10.0.0.2))
Check "with their settings" ((Get-VMNetworkAdapter -VMName web1).MacAddress -eq $mac -and (Get-VMNetworkAdapterVlan -VMName web1).AccessVlanId -eq 7)
