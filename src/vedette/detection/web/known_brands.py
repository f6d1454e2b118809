"""Names that phishing borrows, and the domains that may bear them. One reviewed table.

Chosen by hand among the sectors that reports on phishing name year after year (APWG: finance, mail and cloud, social
media, logistics, payment, telecoms, shops, crypto assets, public services). An entry is the word as it stands in host
names, and the registered names (public suffix list, private section included) of its owner. The same word under a
country's ending is taken for the owner's (`google.de`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

KNOWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # mail, cloud, identity
        "microsoft": (
            "microsoft.com", "microsoftonline.com", "microsoftonline-p.com", "microsoft365.com",
            "microsoftstream.com",
            "microsoft.net", "azure.com", "msn.com", "live.com", "windows.com", "windows.net",
            "visualstudio.com",
            "microsoftedge.com", "microsoftstore.com", "microsofttranslator.com", "microsoftusercontent.com",
        ),
        "office365": ("office365.com", "office.com", "microsoft.com", "office.net"),
        "outlook": ("outlook.com", "office.com", "office365.com", "microsoft.com", "live.com", "office.net"),
        "onedrive": ("onedrive.com", "live.com", "microsoft.com"),
        "sharepoint": ("sharepoint.com", "sharepointonline.com", "microsoft.com"),
        "hotmail": ("hotmail.com", "live.com", "microsoft.com"),
        "google": (
            "google.com", "googleapis.com", "googleusercontent.com", "googlesyndication.com",
            "googletagmanager.com",
            "googlevideo.com", "google-analytics.com", "googleadservices.com", "googlesource.com",
            "googlegroups.com",
            "withgoogle.com", "googletagservices.com", "googleblog.com", "googlemail.com",
            "googleweblight.com",
            "googledrive.com", "google.org", "googlezip.net", "1e100.net", "google.dev",
            "googleoptimize.com", "googlecode.com", "googlefiber.net",
        ),
        "gmail": ("gmail.com", "google.com"),
        "icloud": (
            "icloud.com", "apple.com", "icloud-content.com", "apple-cloudkit.com", "icloud.com.cn",
            "me.com",
        ),
        "itunes": ("itunes.com", "apple.com", "itunes-apple.com.akadns.net"),
        "adobe": (
            "adobe.com", "adobe.io", "adobelogin.com", "adobesign.com", "adobecc.com", "adobedtm.com",
            "adobedc.net",
            "adobess.com", "adobestock.com", "adobeexchange.com", "adobe-identity.com", "adobeaemcloud.com",
        ),
        "dropbox": (
            "dropbox.com", "dropboxusercontent.com", "dropboxapi.com", "dropboxstatic.com",
            "dropbox-dns.com",
        ),
        "docusign": ("docusign.com", "docusign.net"),
        "yahoo": ("yahoo.com", "yahoo.net", "yahooapis.com", "yahoodns.net", "yahooinc.com", "yahoo.co.jp"),
        "godaddy": ("godaddy.com", "godaddysites.com"),
        "cloudflare": (
            "cloudflare.com", "cloudflare.net", "cloudflareinsights.com", "cloudflare-dns.com",
            "cloudflarestream.com",
            "cloudflareclient.com", "cloudflarestatus.com", "cloudflarestorage.com", "cloudflareaccess.com",
            "cloudflareworkers.com", "cloudflareresolve.com", "cloudflare-ech.com", "cloudflare-gateway.com",
        ),
        "github": (
            "github.com", "githubusercontent.com", "githubassets.com", "github.io", "github.dev",
            "github.blog",
        ),
        "okta": ("okta.com", "oktacdn.com", "okta-emea.com", "oktapreview.com"),
        # social, messages, entertainment
        "facebook": (
            "facebook.com", "facebook.net", "fb.com", "fbcdn.net", "meta.com", "facebookcorewwwi.onion",
        ),
        "instagram": ("instagram.com", "cdninstagram.com", "facebook.com"),
        "whatsapp": ("whatsapp.com", "whatsapp.net", "wa.me", "facebook.com"),
        "messenger": ("messenger.com", "facebook.com"),
        "telegram": ("telegram.org", "telegram.me", "t.me", "telegram.dog", "telegram-cdn.org"),
        "snapchat": ("snapchat.com", "snap.com"),
        "tiktok": (
            "tiktok.com", "tiktokcdn.com", "tiktokv.com", "tiktokcdn-us.com", "tiktokcdn-eu.com",
            "tiktokv.us",
            "tiktokv.eu", "tiktokpangle.us", "tiktokw.us", "tiktokrow-cdn.com",
            "tiktokpangle-cdn-us.com", "tiktokeu-cdn.com",
        ),
        "twitter": ("twitter.com", "x.com", "twimg.com"),
        "linkedin": ("linkedin.com", "licdn.com", "linkedin.cn"),
        "discord": (
            "discord.com", "discord.gg", "discordapp.com", "discordapp.net", "discord.media",
            "discordstatus.com",
        ),
        "netflix": ("netflix.com", "nflxext.com", "netflix.net", "nflxvideo.net", "netflixstudios.com"),
        "spotify": ("spotify.com", "scdn.co", "spotifycdn.com", "spotify.net", "spotifycdn.net"),
        "youtube": (
            "youtube.com", "youtube-nocookie.com", "googlevideo.com", "ytimg.com", "youtubekids.com",
            "youtu.be",
        ),
        "steam": (
            "steampowered.com", "steamcommunity.com", "steamstatic.com", "steamcontent.com",
            "steamserver.net",
        ),
        "steamcommunity": ("steamcommunity.com",),
        "roblox": ("roblox.com", "rbxcdn.com", "robloxlabs.com"),
        # payment and shops
        "paypal": (
            "paypal.com", "paypal.me", "paypalobjects.com", "paypal-corp.com", "paypalcorp.com",
            "paypal.cn",
        ),
        "amazon": (
            "amazon.com", "amazonaws.com", "amazon-adsystem.com", "amazonvideo.com", "amazon.dev",
            "amazonalexa.com",
            "amazonses.com", "amazontrust.com", "amazonpay.com", "amazon.jobs", "amazonbrowserapp.com",
            "media-amazon.com", "ssl-images-amazon.com", "amazoncognito.com", "amazonsilk.com",
            "images-amazon.com",
        ),
        "ebay": ("ebay.com", "ebaystatic.com", "ebayimg.com", "ebayinc.com", "ebay-kleinanzeigen.de"),
        "alibaba": (
            "alibaba.com", "alibabacloud.com", "alibabadns.com", "alibaba-inc.com", "alibabagroup.com",
        ),
        "aliexpress": ("aliexpress.com", "aliexpress.us", "aliexpress-media.com"),
        "walmart": ("walmart.com", "walmartimages.com", "walmart.net", "walmartlabs.com"),
        "shopify": (
            "shopify.com", "myshopify.com", "shopifysvc.com", "shopifycdn.com", "shopify.dev",
            "shopifycloud.com",
        ),
        "mastercard": ("mastercard.com", "mastercardservices.com", "mastercard.us"),
        "americanexpress": ("americanexpress.com", "aexp.com", "americanexpress.io"),
        "westernunion": ("westernunion.com",),
        "klarna": ("klarna.com", "klarnacdn.net", "klarnaservices.com", "klarna.net"),
        "revolut": ("revolut.com", "revolut.me"),
        "venmo": ("venmo.com",),
        "cashapp": ("cash.app", "cashapp.com"),
        "leboncoin": ("leboncoin.fr",),
        "vinted": ("vinted.com", "vinted.net"),
        # banks
        "bankofamerica": ("bankofamerica.com", "bac.com", "bofa.com"),
        "wellsfargo": ("wellsfargo.com", "wellsfargoadvisors.com"),
        "citibank": ("citibank.com", "citi.com", "citibankonline.com"),
        "capitalone": ("capitalone.com", "capitalone360.com"),
        "barclays": ("barclays.com", "barclays.co.uk", "barclaycard.co.uk"),
        "santander": ("santander.com", "gruposantander.com", "santanderbank.com", "santanderconsumer.com"),
        "natwest": ("natwest.com",),
        "lloydsbank": ("lloydsbank.com", "lloydsbank.co.uk", "lloydsbankinggroup.com"),
        "hsbc": ("hsbc.com", "hsbcnet.com", "hsbcprivatebank.com", "hsbcinnovationbanking.com"),
        "creditagricole": ("credit-agricole.fr", "credit-agricole.com"),
        "societegenerale": ("societegenerale.fr", "societegenerale.com"),
        "bnpparibas": ("bnpparibas.com", "bnpparibas.net", "bnpparibasfortis.be", "bnpparibas-am.com"),
        "labanquepostale": ("labanquepostale.fr",),
        "boursorama": ("boursorama.com", "boursobank.com"),
        "creditmutuel": ("creditmutuel.fr", "creditmutuel.com"),
        "commerzbank": ("commerzbank.de", "commerzbank.com"),
        "deutschebank": ("deutsche-bank.de", "db.com"),
        "sparkasse": ("sparkasse.de", "sparkasse.at"),
        "unicredit": ("unicredit.it", "unicreditgroup.eu", "unicredit.eu", "unicreditbanca.it"),
        "intesasanpaolo": ("intesasanpaolo.com", "intesasanpaolo.it"),
        "bbva": ("bbva.com", "bbva.es"),
        "caixabank": ("caixabank.es", "caixabank.com"),
        "rabobank": ("rabobank.nl", "rabobank.com"),
        # parcels
        "fedex": ("fedex.com",),
        "usps": ("usps.com", "uspsoig.gov", "usps.gov"),
        "chronopost": ("chronopost.fr", "chronopost.com"),
        "colissimo": ("colissimo.fr", "laposte.fr"),
        "mondialrelay": ("mondialrelay.fr", "mondialrelay.com"),
        "laposte": ("laposte.fr", "laposte.net"),
        "deutschepost": ("deutschepost.de",),
        "royalmail": ("royalmail.com",),
        "auspost": ("auspost.com.au",),
        "canadapost": ("canadapost.ca", "canadapost-postescanada.ca"),
        # telecoms and public services
        "verizon": (
            "verizon.com", "verizonwireless.com", "verizon.net", "verizonmedia.com",
            "verizonbusiness.com",
        ),
        "xfinity": ("xfinity.com",),
        "vodafone": ("vodafone.com",),
        "impots": ("impots.gouv.fr",),
        "antai": ("antai.gouv.fr",),
        "franceconnect": ("franceconnect.gouv.fr",),
        "ameli": ("ameli.fr",),
        # crypto assets
        "coinbase": ("coinbase.com", "cbhq.net", "coinbase-corporate.com"),
        "binance": (
            "binance.com", "binance.us", "bnbstatic.com", "binancefuture.com", "binance.org",
            "binance.vision",
        ),
        "kraken": ("kraken.com",),
        "metamask": ("metamask.io",),
        "opensea": ("opensea.io",),
        "blockchain": ("blockchain.com", "blockchain.info"),
        "trustwallet": ("trustwallet.com",),
        "ledger": ("ledger.com", "ledgerwallet.com"),
        "trezor": ("trezor.io",),
        "uniswap": ("uniswap.org",),
        "pancakeswap": ("pancakeswap.finance", "pancakeswap.com"),
        "walletconnect": ("walletconnect.com", "walletconnect.org", "walletconnect.network"),
        "ethereum": ("ethereum.org", "ethereum.foundation"),
        "myetherwallet": ("myetherwallet.com",),
        "etherscan": ("etherscan.io",),
        "phantom": ("phantom.app", "phantom.com"),
        "kucoin": ("kucoin.com",),
        "bitfinex": ("bitfinex.com",),
    }
)  # fmt: skip

WORDS: Final = frozenset({
    "messenger", "outlook", "steam", "blockchain", "ledger", "phantom", "kraken", "ethereum", "discord",
    "ameli", "antai", "impots", "twitter", "telegram",
})  # fmt: skip
"""Of these, what is a word or name of its own too: it counts only together with a word that lures."""
