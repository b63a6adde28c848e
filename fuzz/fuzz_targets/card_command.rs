//! Commands as any reader may send them: what is read is written as the same bytes, and a card answers whatever comes, one
//! command after the other, with a registry that can be stored.
#![no_main]

use globalplatform::{
    aid::Aid,
    apdu::{Command, Response},
    block_cipher::AesKey,
    domain::{Answer, Applications, Card, Entropy, Installation, Item, Session},
    keys::{KeyVersion, RootKeySet},
    registry::{Blank, Registry},
    secure_channel::{StaticKeys, scp03},
    status::StatusWord,
};
use libfuzzer_sys::fuzz_target;

struct Nothing;

impl Applications for Nothing {
    fn can_install(&self, _: &Installation<'_>) -> Result<(), StatusWord> {
        Ok(())
    }
    fn install(&mut self, _: &Installation<'_>) {}
    fn holds_value(&self, _: &Aid) -> bool {
        false
    }
    fn delete(&mut self, _: &Aid) {}
    fn accepts(&self, _: &Aid, _: &Item<'_>) -> Result<(), StatusWord> {
        Ok(())
    }
    fn store(&mut self, _: &Aid, _: &Item<'_>) {}
    fn interrupt(&mut self, _: &Aid) {}
}

impl Entropy for Nothing {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn blank() -> Registry {
    let key = AesKey::new(&[1; 16]).expect("sixteen bytes are a key");
    let keys = StaticKeys::Scp03(scp03::StaticKeys { enc: key.clone(), mac: key.clone(), dek: key });
    Registry::new(Blank {
        issuer_domain: Aid::known(&[0xA0, 0, 0, 1, 0x51, 0, 0, 0]),
        diversification: [0; 10],
        production_data: [0; 42],
        options: scp03::Options::ALL,
        root_keys: RootKeySet::initial(KeyVersion::INITIAL, keys),
    })
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(command) = Command::parse(bytes) {
        assert_eq!(command.to_bytes().as_slice(), bytes);
    }
    if let Ok(mut response) = Response::parse(bytes) {
        assert_eq!(response.to_bytes(), bytes);
    }
    let (mut registry, mut session) = (blank(), Session::new());
    let mut rest = bytes;
    while let Some((length, more)) = rest.split_first() {
        let (apdu, more) = more.split_at(usize::from(*length).min(more.len()));
        rest = more;
        let (applications, entropy) = (&mut Nothing, &mut Nothing);
        let mut card = Card { registry: &mut registry, session: &mut session, applications, entropy };
        assert!(matches!(card.step(apdu), Answer::Response(_)), "nothing was installed that could answer");
    }
    assert_eq!(Registry::from_image(&registry.to_image()), Ok(registry));
});
