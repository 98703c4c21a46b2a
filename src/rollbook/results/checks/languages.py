"""Language codes, as ISO 639-2 and CALPADS write them.

Source: ISO 639-2; CALPADS code set for primary language.
"""

from __future__ import annotations

from typing import Final

# Bibliographic codes, in alphabetical order.
_ISO_639_2: Final = """
    aar abk ace ach ada ady afa afh afr ain aka akk alb ale alg alt amh ang anp apa ara arc
    arg arm arn arp art arw asm ast ath aus ava ave awa aym aze bad bai bak bal bam ban baq
    bas bat bej bel bem ben ber bho bih bik bin bis bla bnt bos bra bre btk bua bug bul bur
    byn cad cai car cat cau ceb cel cha chb che chg chi chk chm chn cho chp chr chu chv chy
    cmc cnr cop cor cos cpe cpf cpp cre crh crp csb cus cze dak dan dar day del den dgr din
    div doi dra dsb dua dum dut dyu dzo efi egy eka elx eng enm epo est ewe ewo fan fao fat
    fij fil fin fiu fon fre frm fro frr frs fry ful fur gaa gay gba gem geo ger gez gil gla
    gle glg glv gmh goh gon gor got grb grc gre grn gsw guj gwi hai hat hau haw heb her hil
    him hin hit hmn hmo hrv hsb hun hup iba ibo ice ido iii ijo iku ile ilo ina inc ind ine
    inh ipk ira iro ita jav jbo jpn jpr jrb kaa kab kac kal kam kan kar kas kau kaw kaz kbd
    kha khi khm kho kik kin kir kmb kok kom kon kor kos kpe krc krl kro kru kua kum kur kut
    lad lah lam lao lat lav lez lim lin lit lol loz ltz lua lub lug lui lun luo lus mac mad
    mag mah mai mak mal man mao map mar mas may mdf mdr men mga mic min mis mkh mlg mlt mnc
    mni mno moh mon mos mul mun mus mwl mwr myn myv nah nai nap nau nav nbl nde ndo nds nep
    new nia nic niu nno nob nog non nor nqo nso nub nwc nya nym nyn nyo nzi oci oji ori orm
    osa oss ota oto paa pag pal pam pan pap pau peo per phi phn pli pol pon por pra pro pus
    que raj rap rar roa roh rom rum run rup rus sad sag sah sai sal sam san sas sat scn sco
    sel sem sga sgn shn sid sin sio sit sla slo slv sma sme smi smj smn smo sms sna snd snk
    sog som son sot spa srd srn srp srr ssa ssw suk sun sus sux swa swe syc syr tah tai tam
    tat tel tem ter tet tgk tgl tha tib tig tir tiv tkl tlh tli tmh tog ton tpi tsi tsn tso
    tuk tum tup tur tut tvl twi tyv udm uga uig ukr umb und urd uzb vai ven vie vol vot wak
    wal war was wel wen wln wol xal xho yao yap yid yor ypk zap zbl zen zgh zha znd zul zun
    zxx zza
"""

# Twenty languages have a second code, for terminology: it means the same.
_TERMINOLOGY: Final[dict[str, str]] = {
    "bod": "tib",
    "ces": "cze",
    "cym": "wel",
    "deu": "ger",
    "ell": "gre",
    "eus": "baq",
    "fas": "per",
    "fra": "fre",
    "hye": "arm",
    "isl": "ice",
    "kat": "geo",
    "mkd": "mac",
    "mri": "mao",
    "msa": "may",
    "mya": "bur",
    "nld": "dut",
    "ron": "rum",
    "slk": "slo",
    "sqi": "alb",
    "zho": "chi",
}

# CALPADS numbers, where a language has one ISO 639-2 code. Cantonese and Mandarin share chi.
_CALPADS: Final[dict[str, str]] = {
    "00": "eng",
    "01": "spa",
    "02": "vie",
    "03": "chi",
    "04": "kor",
    "05": "fil",
    "06": "por",
    "07": "chi",
    "08": "jpn",
    "09": "khm",
    "10": "lao",
    "11": "ara",
    "12": "arm",
    "13": "bur",
    "15": "dut",
    "16": "per",
    "17": "fre",
    "18": "ger",
    "19": "gre",
    "20": "cha",
    "21": "heb",
    "22": "hin",
    "23": "hmn",
    "24": "hun",
    "25": "ilo",
    "26": "ind",
    "27": "ita",
    "28": "pan",
    "29": "rus",
    "30": "smo",
    "32": "tha",
    "33": "tur",
    "34": "ton",
    "35": "urd",
    "36": "ceb",
    "37": "sgn",
    "38": "ukr",
    "40": "pus",
    "41": "pol",
    "42": "syr",
    "43": "guj",
    "45": "rum",
    "48": "mah",
    "51": "kur",
    "56": "alb",
    "57": "tir",
    "60": "som",
    "61": "ben",
    "62": "tel",
    "63": "tam",
    "64": "mar",
    "65": "kan",
    "66": "amh",
    "67": "bul",
    "68": "kik",
    "69": "kas",
    "70": "swe",
    "71": "zap",
    "72": "uzb",
    "99": "mis",
    "uu": "und",
}

# Every accepted way to write a language, in lower case, and the code that is kept.
LANGUAGES: Final[dict[str, str]] = {
    **{code: code for code in _ISO_639_2.split()},
    **_TERMINOLOGY,
    **_CALPADS,
}
