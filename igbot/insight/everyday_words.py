"""Words that tell nothing of what somebody asks for, in the languages that igbot has words for itself."""

EVERYDAY = frozenset(
    word
    for words in (
        "a an the and or but if of to in on at for from with by as is are was were be been am do does did have has had"
        " can could would will shall should may might must i you he she it we they me him her us them my your his its"
        " our their this that these those there here what which who whom when where why how much many any some no not"
        " yes ok okay please thanks thank hi hello hey dear so just also then than too very really still again want"
        " need know like get got tell let im i'm it's don't dont u ur pls about one more",
        "el la los las un una unos unas y o pero si de del a al en por para con sin sobre es son era ser estar está"
        " están hay he ha han tiene tienen tienes tengo tenéis hacer puedo puede pueden puedes podéis quiero quería"
        " queria me te se le les lo nos os mi tu su mis tus sus este esta esto estos estas ese esa eso que qué cual"
        " cuál quien cuando cuándo donde dónde como cómo cuanto cuánto cuanta mucho muchos más muy ya no sí hola"
        " gracias favor buenas buenos días tardes noches también alguna alguno algún",
        "der die das den dem des ein eine einen einem einer und oder aber wenn von zu zum zur in im an am auf für mit"
        " ist sind war bin bist sein haben habe hat habt kann könnt können ich du er sie es wir ihr mich dich mir dir"
        " uns euch mein dein was wer wann wo warum wie viel viele kein keine nicht ja nein bitte danke hallo auch noch"
        " schon nur gibt gibts",
        "le la les l un une des du de et ou mais si à au aux en dans sur pour par avec est sont était être avoir ai as"
        " a avez avons ont peux peut pouvez je tu il elle on nous vous ils elles me te se mon ma mes ton ta votre vos"
        " ce cette ces que qui quoi quel quelle quand où pourquoi comment combien pas ne oui non merci bonjour salut"
        " s'il plaît aussi plus y",
        "o os as um uma uns umas e ou mas se do da dos das em no na nos nas por para com sem é são era ser estar está"
        " tem têm tenho ter posso pode podem eu você vocês ele ela nós me te meu minha seu sua este esta isto esse"
        " isso que qual quem quando onde como quanto quanta muito mais não sim olá oi obrigado obrigada favor também",
        "il lo i gli uno e o ma di del della dei da dal con su sono era essere avere ho hai avete hanno posso può"
        " potete io tu lui lei noi voi mi ti si ci vi mio tuo vostro questo questa che chi cosa quale quando dove come"
        " quanto perché non sì ciao grazie anche più",
        "bir ve veya ama mi mı mu mü bu şu o ben sen biz siz var yok ne nasıl nerede kaç için ile de da evet hayır"
        " lütfen merhaba selam çok daha",
        "и или но если в на с к у о за от до по для из не да нет я ты он она мы вы они меня мне вам вас это что как"
        " где когда почему сколько какой какая есть ли же бы можно привет здравствуйте спасибо пожалуйста ещё еще",
        "في من على إلى عن مع و أو هل ما ماذا كيف أين متى كم هذا هذه أنا أنت هو هي نحن لا نعم شكرا مرحبا السلام عليكم",
    )
    for word in words.split()
)
