# Exercise 15: a limit of 50 Mb/s, and the same number with MB behind it.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "S" -SwitchType Private | Out-Null
"slow", "mistaken", "free" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "S" | Start-VM }
Set-VMNetworkAdapter -VMName "slow" -MaximumBandwidth 50000000
Set-VMNetworkAdapter -VMName "mistaken" -MaximumBandwidth 10MB
Set-GuestAddress slow 10.0.0.1
Set-GuestAddress mistaken 10.0.0.2
Set-GuestAddress free 10.0.0.3
Check "bits per second" ((Get-VMNetworkAdapter -VMName "slow").BandwidthSetting.MaximumBandwidth -eq 50000000)
Check "10MB are 10485760 bits per second" ((Get-VMNetworkAdapter -VMName "mistaken").BandwidthSetting.MaximumBandwidth -eq 10485760)
Check "they talk" ((Reaches slow 10.0.0.3) -and (Reaches mistaken 10.0.0.3))
