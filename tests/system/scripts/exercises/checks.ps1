# What the scripts of the exercises check with; they dot-source it.

function Check([string]$What, [bool]$Holds) {
    if ($Holds) { "ok: $What" } else { "not ok: $What" }
}

# Gives the guest of a VM a static address, and a default gateway if there is one.
function Set-GuestAddress([string]$VMName, [string]$IPAddress, [string]$Gateway, [string]$Interface = "Ethernet") {
    Invoke-Command -VMName $VMName -ArgumentList $IPAddress, $Gateway, $Interface -ScriptBlock {
        param($IPAddress, $Gateway, $Interface)
        $address = @{ InterfaceAlias = $Interface; IPAddress = $IPAddress; PrefixLength = 24 }
        if ($Gateway) { $address.DefaultGateway = $Gateway }
        New-NetIPAddress @address | Out-Null
    }
}

# Whether a machine gets an answer: what a router regrets is none, whatever ping's exit code says.
$ping = {
    param($Target, $Count, $Timeout)
    foreach ($try in 1..$Count) {
        if ((ping -n 1 -w $Timeout $Target) -match "TTL=") { return $true }
    }
    $false
}

# Whoever should get an answer may ask again; for one that should not come nobody waits long.
function Reaches([string]$VMName, [string]$To) { Invoke-Command -VMName $VMName $ping -ArgumentList $To, 3, 1000 }
function Misses([string]$VMName, [string]$To) { -not (Invoke-Command -VMName $VMName $ping -ArgumentList $To, 1, 300) }

# The same for this host, and for a computer on the network.
function HostReaches([string]$To) { & $ping $To 3 1000 }
function HostMisses([string]$To) { -not (& $ping $To 1 300) }
function ComputerReaches([string]$Name, [string]$To) { Invoke-Command -ComputerName $Name $ping -ArgumentList $To, 3, 1000 }
function ComputerMisses([string]$Name, [string]$To) { -not (Invoke-Command -ComputerName $Name $ping -ArgumentList $To, 1, 300) }
