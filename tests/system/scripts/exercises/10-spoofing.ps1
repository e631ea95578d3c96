# Exercise 10: a guest changes its MAC address.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
Set-LabSwitch S -LearningMode Pinned    # as since Windows Server 2008 R2
"web1", "client" | ForEach-Object { New-VM $_ -NoVHD -SwitchName "S" | Start-VM }
Set-GuestAddress web1 10.0.0.1
Set-GuestAddress client 10.0.0.2
Check "with its own address" (Reaches web1 10.0.0.2)

Invoke-Command -VMName "web1" { Set-NetAdapter -Name "Ethernet" -MacAddress "02-11-22-33-44-55" -Confirm:$false }
Check "with another: nothing goes out" (Misses web1 10.0.0.2)
Check "nothing comes in" (Misses client 10.0.0.1)
Check "the switch says why" (@(Get-LabDrop web1).Reason -contains 16)

Set-VMNetworkAdapter -VMName "web1" -MacAddressSpoofing On
Check "spoofing On: it works" ((Reaches web1 10.0.0.2) -and (Reaches client 10.0.0.1))

Set-VMNetworkAdapter -VMName "web1" -MacAddressSpoofing Off
Check "Off again: it does not" (Misses web1 10.0.0.2)
