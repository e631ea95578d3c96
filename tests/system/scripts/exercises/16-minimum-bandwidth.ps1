# Exercise 16: weights of 10 and 30 on an uplink that is too slow for both.
. "$PSScriptRoot\checks.ps1"

Set-LabNic Ethernet -Speed 100000000
New-VMSwitch -Name "Weighted" -NetAdapterName "Ethernet" -MinimumBandwidthMode Weight | Out-Null
Check "the mode" ((Get-VMSwitch -Name "Weighted").BandwidthReservationMode -eq "Weight")
"light", "heavy" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "Weighted" | Start-VM }
Set-VMNetworkAdapter -VMName "light" -MinimumBandwidthWeight 10
Set-VMNetworkAdapter -VMName "heavy" -MinimumBandwidthWeight 30
Set-GuestAddress light 192.168.1.51
Set-GuestAddress heavy 192.168.1.52
Check "they reach the office" ((Reaches light 192.168.1.10) -and (Reaches heavy 192.168.1.10))

Set-VMNetworkAdapter -VMName "heavy" -MinimumBandwidthAbsolute 50000000 -ErrorAction SilentlyContinue -ErrorVariable refused
Check "bits per second are refused in mode Weight" ($refused.Count -gt 0 -and (Get-VMNetworkAdapter -VMName "heavy").BandwidthSetting.MinimumBandwidthWeight -eq 30)
New-VMSwitch -Name "None" -SwitchType Private -MinimumBandwidthMode None | Out-Null
New-VM -Name "none" -NoVHD -SwitchName "None" | Out-Null
Set-VMNetworkAdapter -VMName "none" -MinimumBandwidthWeight 10 -ErrorAction SilentlyContinue -ErrorVariable refused
Check "and everything in mode None" ($refused.Count -gt 0)
