// Excel asks for this file by the manifest; the functions are registered by panel.html, which it runs in ($version).
