# Exercise 18: the external port as the source of mirroring, as Microsoft Defender for IoT has it.
. "$PSScriptRoot\checks.ps1"

New-VMSwitch -Name "SPAN" -NetAdapterName "Ethernet" -AllowManagementOS $true | Out-Null
"web1", "sensor" | ForEach-Object { New-VM -Name $_ -NoVHD -SwitchName "SPAN" | Start-VM }
Set-GuestAddress web1 192.168.1.51
Set-GuestAddress sensor 192.168.1.52
Get-VMNetworkAdapter -VMName "sensor" | Set-VMNetworkAdapter -PortMirroring Destination

function Get-Seen {
    $capture = Start-LabCapture sensor -Path "$env:TEMP/sensor.pcap" -Filter "icmp and host 192.168.1.10"
    Invoke-Command -VMName web1 { ping -n 1 -w 1000 192.168.1.10 } | Out-Null
    Start-Sleep -Milliseconds 100
    ($capture | Stop-LabCapture).Frames
    Remove-Item "$env:TEMP/sensor.pcap"
}

Check "it works" (Reaches web1 192.168.1.10)
Check "no source yet: nothing" ((Get-Seen) -eq 0)
$ExtPortFeature = Get-VMSystemSwitchExtensionPortFeature -FeatureName "Ethernet Switch Port Security Settings"
$ExtPortFeature.SettingData.MonitorMode = 2
Add-VMSwitchExtensionPortFeature -ExternalPort -SwitchName "SPAN" -VMSwitchExtensionFeature $ExtPortFeature
Check "what passes the external port" ((Get-Seen) -eq 2)
$mode = (Get-VMSwitchExtensionPortFeature -FeatureName "Ethernet Switch Port Security Settings" -SwitchName "SPAN" -ExternalPort).SettingData.MonitorMode
Check "the mode" ($mode -eq 2)
