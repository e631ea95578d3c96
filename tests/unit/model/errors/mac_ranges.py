from lab import Lab

lab = Lab("bad")
lab.host("hv1", mac_address_minimum="00155D020600")
lab.host("hv2", mac_address_minimum="00155D0206FF", mac_address_maximum="00155D020600")
lab.host("hv3", mac_address_minimum="00155D020600", mac_address_maximum="02155D020600")
lab.host("hv4", mac_address_minimum="01155D020600", mac_address_maximum="00155D02")
