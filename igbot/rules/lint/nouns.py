"""Words that customers of a shop write in more than one form; a rule that has one form mostly wants the others too."""

from collections import defaultdict
from collections.abc import Mapping

from igbot.rules.matching.normalise import fold_accents

# Singular and plural, and spellings of the same word. Words that are spelled the same in both languages are left out.
_ENGLISH = """
price prices|cost costs|order orders|return returns|refund refunds|exchange exchanges|size sizes|discount discounts
coupon coupons|voucher vouchers|offer offers|product products|item items|shop shops|store stores|payment payments
card cards|gift gifts|package packages|parcel parcels|address addresses|appointment appointments
booking bookings|reservation reservations|invoice invoices|receipt receipts|question questions|problem problems
complaint complaints|dress dresses|shoe shoes|shirt shirts|bag bags|jacket jackets|skirt skirts|ring rings
necklace necklaces|bracelet bracelets|earring earrings|picture pictures|photo photos|colour color colours
ticket tickets|catalog catalogue catalogs catalogues|jewelry jewellery|gray grey
fee fees|course courses|lesson lessons|sample samples|review reviews
"""
_SPANISH = """
precio precios|coste costes|pedido pedidos|envío envíos|devolución devoluciones|reembolso reembolsos|cambio cambios
talla tallas|tamaño tamaños|descuento descuentos|cupón cupones|oferta ofertas|producto productos|artículo artículos
tienda tiendas|pago pagos|tarjeta tarjetas|regalo regalos|entrega entregas|paquete paquetes|dirección direcciones
cita citas|reserva reservas|factura facturas|recibo recibos|pregunta preguntas|problema problemas|queja quejas
vestido vestidos|zapato zapatos|camisa camisas|camiseta camisetas|bolso bolsos|chaqueta chaquetas|falda faldas
anillo anillos|collar collares|pulsera pulseras|pendiente pendientes|foto fotos|color colores
catálogo catálogos|curso cursos|clase clases|muestra muestras
"""


def _forms() -> Mapping[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for group in (_ENGLISH + _SPANISH).replace("\n", "|").split("|"):
        for word in (words := group.split()):
            found[fold_accents(word)] += [other for other in words if other != word]
    # A word that both languages have would be given the plural of the other one.
    english, spanish = (set(fold_accents(words).replace("|", " ").split()) for words in (_ENGLISH, _SPANISH))
    return {word: tuple(others) for word, others in found.items() if word not in english & spanish}


FORMS = _forms()
"""The other forms of a word, by its normal form without the accents that are ignored."""
