//! A security module on the desk, and cards whose keys are diversified by their serial number.

use globalplatform::apdu::Command;
use purse::{
    amount::Amount,
    ep::{Application, Contents, Personalisation, Profile},
    fields::{Asn, Kind, TerminalId},
    journal::OpenError,
    key_table::KeyRecord,
    nvm::Fault,
    pboc::key::{Algorithm, Damk, Dck, Dlk, Dpk, Dtk, Key, Purchase, Purpose},
    psam::{ModuleContents, ModulePersonalisation, SecurityModule, collection_mac},
};

use super::{AID, ASN, Answer, Desk, FILES, LIMITS, Memory, PIN, TERMINAL, WHEN, key, profile};

pub(crate) type Module = SecurityModule<Memory>;

pub(crate) const ISSUER: [u8; 8] = [0x07, 0x92, 0x80, 0, 0, 0, 1, 0x45];
pub(crate) const ONE_LEVEL: u8 = 0x22;
pub(crate) const TWO_LEVELS: u8 = 0x42;

pub(crate) fn personalisation(keys: &[KeyRecord]) -> ModulePersonalisation<'_> {
    ModulePersonalisation {
        file_identifier: [0xDF, 0x01],
        serial: [0x51; 10],
        terminal: TERMINAL,
        keys,
        sm4_algorithm: Some(4),
        minimum_version: 1,
        ceiling: Amount::new(10_000),
        tries: 5,
    }
}

pub(crate) fn master_keys() -> Vec<KeyRecord> {
    let (dpk, dtk, damk, dck): (Dpk, Dtk, Damk, Dck) = (key(), key(), key(), key());
    vec![
        KeyRecord::new(&dpk, ONE_LEVEL, 1, 0),
        KeyRecord::new(&Dpk::new([0x66; 16]), TWO_LEVELS, 2, 0),
        KeyRecord::new(&dpk, ONE_LEVEL, 3, 4),
        KeyRecord::new(&dtk, ONE_LEVEL, 1, 0),
        KeyRecord::new(&dtk, ONE_LEVEL, 3, 4),
        KeyRecord::new(&damk, ONE_LEVEL, 1, 0),
        KeyRecord::new(&dck, ONE_LEVEL, 1, 0),
    ]
}

/// A module on the desk.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) module: Module,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self::with(&master_keys())
    }

    pub(crate) fn with(keys: &[KeyRecord]) -> Self {
        let contents = ModuleContents::personalised(&personalisation(keys)).unwrap();
        let mut counter = Self { module: Module::install(Memory::new(), contents).unwrap() };
        counter.select();
        counter
    }

    pub(crate) fn select(&mut self) {
        assert_eq!(self.send([0x00, 0xA4, 0, 0], &[&[0xDF, 0x01]]).unwrap().status, 0x9000);
    }

    pub(crate) fn send(&mut self, header: [u8; 4], data: &[&[u8]]) -> Result<Answer, Fault> {
        let data = data.concat();
        let command = Command::new(header, &data, Some(256)).unwrap();
        let response = self.module.step(&command, [0x5A; 8])?;
        // The answer has left; whether power goes while the module mirrors its state is seen at the next command.
        let _ = self.module.mirror();
        Ok(Answer { data: response.data().to_vec(), status: response.status().0 })
    }

    /// 80 70 for what the card answered to an initialisation.
    pub(crate) fn authorise(
        &mut self,
        begun: &Answer,
        amount: u32,
        kind: Kind,
        factors: &[u8],
    ) -> Result<Answer, Fault> {
        let tags = &begun.data[9..11];
        let parts: [&[u8]; 7] = [
            &begun.data[11..15],
            &begun.data[4..6],
            &amount.to_be_bytes(),
            &[kind.byte()],
            &WHEN.0,
            tags,
            factors,
        ];
        self.send([0x80, 0x70, 0, 0], &parts)
    }

    /// 80 72 for what the card answered to DEBIT.
    pub(crate) fn verify(&mut self, receipt: &Answer) -> Result<Answer, Fault> {
        let (tac, mac2) = receipt.data.split_at(4);
        self.send([0x80, 0x72, 0, 0], &[mac2, tac])
    }

    pub(crate) fn power_cycle(&mut self) -> Result<(), OpenError> {
        let mut nvm = self.module.clone().power_off();
        nvm.restore_power();
        self.module = Module::power_on(nvm).map_err(|(error, _)| error)?;
        self.select();
        Ok(())
    }
}

pub(crate) fn diversified<P: Purpose>(algorithm: Algorithm) -> Key<P> {
    key::<P>().diversified(algorithm, Asn(ASN).factor())
}

/// A card whose keys are diversified by its serial number.
pub(crate) fn card_with(profile: Profile, dpk: &KeyRecord, algorithm: Algorithm) -> Desk {
    let (dlk, dtk, dck): (Dlk, Dtk, Dck) = (key(), diversified(algorithm), diversified(algorithm));
    let tag = dpk.algorithm;
    let keys = [
        KeyRecord::new(&dlk, 1, 0, 0),
        dpk.clone(),
        KeyRecord::new(&dtk, 1, 0, tag),
        KeyRecord::new(&dck, 1, 1, 0),
    ];
    let mut public_information = [0x11; 30];
    public_information[10..20].copy_from_slice(&ASN);
    let with = Personalisation {
        profile,
        aid: &AID,
        file_identifier: [0x10, 1],
        public_information,
        keys: &keys,
        pin: (&PIN, 3),
        files: &FILES,
        limits: LIMITS,
        currencies: [[0; 2]; 4],
    };
    let mut desk = Desk::new();
    desk.card = Application::install(Memory::new(), Contents::personalised(&with).unwrap()).unwrap();
    desk.select().unwrap();
    let begun = desk.initialise(0, 2, 5_000).unwrap().ok();
    let data = desk.sign_load(&begun, 5_000, Kind::LoadPurse);
    desk.apdu([0x80, 0x52, 0, 0], &[&data]).unwrap().ok();
    desk
}

pub(crate) fn card() -> Desk {
    card_with(
        profile(),
        &KeyRecord::new(&diversified::<Purchase>(Algorithm::TripleDes), 1, 1, 0),
        Algorithm::TripleDes,
    )
}

pub(crate) fn factor() -> [u8; 8] {
    Asn(ASN).factor()
}

/// A whole sale; what the module said to the card's MAC2.
pub(crate) fn sell(desk: &mut Desk, counter: &mut Counter, amount: u32, factors: &[u8]) -> u16 {
    let begun = desk.initialise(1, 2, amount).unwrap().ok();
    let signed = counter.authorise(&begun, amount, Kind::Purchase, factors).unwrap().ok();
    let parts: [&[u8]; 3] = [&signed.data[..4], &WHEN.0, &signed.data[4..]];
    let receipt = desk.apdu([0x80, 0x54, 1, 0], &parts).unwrap().ok();
    counter.verify(&receipt).unwrap().status
}

pub(crate) fn collect(counter: &mut Counter, ceiling: u32, version: u8) -> Result<u16, Fault> {
    let begun = counter.send([0x80, 0x74, 0, 0], &[])?.ok();
    let number = u32::from_be_bytes(begun.part(6));
    let terms = (Amount::new(ceiling), version);
    let mac = collection_mac(&key(), &TerminalId(begun.part(0)), number, begun.part(18), terms);
    Ok(counter.send([0x80, 0x76, 0, 0], &[&ceiling.to_be_bytes(), &[version], &mac])?.status)
}
