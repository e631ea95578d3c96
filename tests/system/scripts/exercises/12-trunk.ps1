# Exercise 12: a trunk with a native VLAN.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
foreach ($vlan in 10, 20, 30) {
    New-VM -Name "vm$vlan" -NoVHD -SwitchName "S" | Out-Null
    Set-VMNetworkAdapterVlan -VMName "vm$vlan" -Access -VlanId $vlan
    Start-VM -Name "vm$vlan"
    Set-GuestAddress "vm$vlan" "10.0.$vlan.1"
}
New-VM -Name "trunk" -NoVHD -SwitchName "S" | Out-Null
Set-VMNetworkAdapterVlan -VMName "trunk" -Trunk -AllowedVlanIdList "10,20" -NativeVlanId 20
Add-LabVlanInterface trunk -VlanId 10 -IPAddress 10.0.10.9/24
Add-LabVlanInterface trunk -VlanId 30 -IPAddress 10.0.30.9/24
Start-VM -Name "trunk"
Set-GuestAddress trunk 10.0.20.9

Check "an allowed VLAN, by its tag" ((Reaches trunk 10.0.10.1) -and (Reaches vm10 10.0.10.9))
Check "the native VLAN, without a tag" ((Reaches trunk 10.0.20.1) -and (Reaches vm20 10.0.20.9))
Check "a VLAN that is not allowed" ((Misses trunk 10.0.30.1) -and (Misses vm30 10.0.30.9))
$setting = Get-VMNetworkAdapterVlan -VMName "trunk"
Check "the setting" ("$($setting.OperationMode) $($setting.NativeVlanId) $($setting.AllowedVlanIdList -join ',')" -eq "Trunk 20 10,20")

Set-VMNetworkAdapterVlan -VMName "trunk" -Trunk -AllowedVlanIdList "10,20,30" -NativeVlanId 0
Check "once it is allowed" (Reaches trunk 10.0.30.1)
Check "what is not native any more" (Misses trunk 10.0.20.1)
