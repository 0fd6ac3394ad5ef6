"""Web sites as signs: whose a host is, and hosts where many have a page."""

from __future__ import annotations

from crmcli.model.handles import handle_key, handle_of_address, system_of

_PAGES = """
    ozon.ru wildberries.ru wb.ru avito.ru youla.ru market.yandex.ru megamarket.ru lamoda.ru tiu.ru
    pulscen.ru satom.ru aliexpress.com aliexpress.ru alibaba.com made-in-china.com amazon.com amazon.de
    amazon.co.uk amazon.fr amazon.in ebay.com ebay.de etsy.com allegro.pl olx.pl olx.ua kleinanzeigen.de
    otto.de leboncoin.fr cdiscount.com mercadolivre.com.br mercadolibre.com flipkart.com indiamart.com
    justdial.com ricardo.ch tradeindia.com kaspi.kz satu.kz prom.ua
    2gis.ru 2gis.kz yandex.ru google.com maps.google.com google.ru goo.gl maps.app.goo.gl g.page zoon.ru
    flamp.ru yell.ru orgpage.ru spravker.ru rusprofile.ru list-org.com hh.ru superjob.ru profi.ru
    youdo.com tripadvisor.com tripadvisor.ru booking.com airbnb.com yelp.com trustpilot.com
    northdata.de gelbeseiten.de houzz.com crunchbase.com wikipedia.org
    taplink.cc linktr.ee beacons.ai mssg.me sites.google.com docs.google.com drive.google.com forms.gle
    forms.yandex.ru disk.yandex.ru notion.so bit.ly clck.ru vc.ru habr.com medium.com livejournal.com
    dzen.ru zen.yandex.ru about.me
"""
PAGES = frozenset(_PAGES.split())
"""Marketplaces, catalogues, collections of links: a page there is somebody's, the host is nobody's."""

_BUILDERS = """
    tilda.ws tilda.cc wixsite.com wix.com wordpress.com blogspot.com weebly.com jimdo.com jimdosite.com
    jimdofree.com ucoz.ru ucoz.net narod.ru nethouse.ru webflow.io github.io gitlab.io carrd.co
    myshopify.com square.site squarespace.com webnode.com webnode.ru turbo.site mya5.ru umi.ru
    insales.ru myinsales.ru ecwid.com bitrix24.site bitrix24.ru bitrix24shop.ru clients.site
    business.site vsite.biz uol.com.br webnode.page godaddysites.com strikingly.com netlify.app
    vercel.app pages.dev web.app firebaseapp.com herokuapp.com
"""
BUILDERS = frozenset(_BUILDERS.split())
"""Builders of sites: each name below the host is somebody's, the host itself is nobody's."""


PAGE = "page:"
"""Marks the key of a page on a host of many."""


def own_host(site: str) -> str:
    """The host of a site's key if it is one firm's or one person's; "" if many share it."""
    host = site.partition("/")[0].partition(":")[0]
    labels = host.split(".")
    parents = {".".join(labels[place:]) for place in range(len(labels) - 1)}
    if system_of(host) or parents & PAGES or host in BUILDERS or "." not in host:
        return ""
    return host


def profile_key(site: str) -> str:
    """By what the page of somebody on a host of many is compared; "" of a site of one's own."""
    handle = handle_of_address(site)
    if handle:
        return handle_key(handle)
    host, _, path = site.partition("/")
    is_page = bool(path) and not own_host(site) and host not in BUILDERS and not system_of(host)
    return f"{PAGE}{site}" if is_page else ""
