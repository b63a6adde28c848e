//! Cards and security modules made from the example files, and a host that loads them.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;

use card_reader::reader::Reader;
use globalplatform::{
    apdu::{Command, Response},
    block_cipher::AesKey,
    secure_channel::{HostChannel, HostOpening, SecurityLevel, StaticKeys, scp03},
    status::StatusWord,
};
use purse::{
    amount::Amount,
    fake_card::FakeCard,
    fields::{Asn, DateTime},
};
use virtual_card::{
    example,
    personalisation::Personalisation,
    plugged::PluggedCard,
    reader::{CardGone, Inserted},
};

pub(crate) const WHEN: DateTime = DateTime([0x20, 0x26, 0x11, 0x22, 0x17, 0x00, 0x00]);

pub(crate) fn card_file(number: u32) -> String {
    example::card(number).unwrap().to_string()
}

pub(crate) fn module_file() -> String {
    example::security_module().to_string()
}

pub(crate) fn made(file: &str, path: &Path) -> PluggedCard {
    PluggedCard::make(&Personalisation::read(file).unwrap(), path).unwrap()
}

/// Sends bytes in hexadecimal.
pub(crate) fn say(reader: &mut impl Reader, command: &str) -> Response {
    reader.transmit(&Command::parse(&bytes(command)).unwrap()).unwrap()
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Data of an answer that must be 9000.
#[track_caller]
pub(crate) fn ok(response: &Response) -> Vec<u8> {
    assert_eq!(response.status(), StatusWord::SUCCESS);
    response.data().to_vec()
}

pub(crate) fn select_purse(reader: &mut impl Reader) {
    ok(&say(reader, &format!("00A4040008{}00", hex(&example::PURSE_AID))));
}

pub(crate) fn select_module(reader: &mut impl Reader) {
    ok(&say(reader, "00A4000002DF01"));
}

pub(crate) fn balance(reader: &mut impl Reader) -> Amount {
    let balance = ok(&say(reader, "805C000204"));
    Amount::from_bytes(balance.try_into().unwrap())
}

/// Loads online, as the issuer's host does.
pub(crate) fn load(reader: &mut impl Reader, asn: &Asn, amount: Amount) {
    example::load(reader, asn, amount, &WHEN).unwrap();
}

/// A card that cheats and looks like the example card with the number 9. It also knows how to be selected.
pub(crate) fn fake_card() -> FakeSelectable {
    let mut public_information = [0; 30];
    public_information[10..20].copy_from_slice(&example::asn(9).0);
    FakeSelectable(FakeCard { balance: Amount::new(100_000), public_information })
}

/// The fake answers SELECT with the file control information that a terminal looks for.
pub(crate) struct FakeSelectable(FakeCard);

impl Inserted for FakeSelectable {
    fn reset(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Result<Response, CardGone> {
        if command.starts_with(&[0x00, 0xA4, 0x04]) {
            let public = self.0.public_information;
            let fci = [&bytes("6F2D8408A000000632010105A5219F0C1E")[..], &public];
            return Ok(Response::with_data(&fci.concat()).unwrap());
        }
        self.0.answer(command)
    }

    fn settle(&mut self) -> Result<(), CardGone> {
        Ok(())
    }
}

/// A secure channel with the issuer's security domain of an example card.
pub(crate) struct IssuerLine<'a, R> {
    reader: &'a mut R,
    channel: HostChannel,
}

pub(crate) fn channel<R: Reader>(reader: &mut R) -> IssuerLine<'_, R> {
    try_channel(reader).unwrap()
}

/// Nothing where the card goes away.
pub(crate) fn try_channel<R: Reader>(reader: &mut R) -> Option<IssuerLine<'_, R>> {
    let file = example::card(1).unwrap();
    let key = |name: &str| {
        let text = file["issuer_domain"]["keys"][name].as_str().unwrap();
        AesKey::new(&bytes(text)).unwrap()
    };
    let keys = StaticKeys::Scp03(scp03::StaticKeys { enc: key("enc"), mac: key("mac"), dek: key("dek") });
    ok(&reader.transmit(&Command::new([0x00, 0xA4, 0x04, 0x00], &[], Some(256)).unwrap()).ok()?);
    let (opening, update) = HostOpening::begin(0, [7; 8]);
    let answer = ok(&reader.transmit(&Command::parse(update.as_slice()).unwrap()).ok()?);
    let (channel, authenticate) = opening.authenticate(&keys, &answer, SecurityLevel::FULL).unwrap();
    ok(&reader.transmit(&Command::parse(authenticate.as_slice()).unwrap()).ok()?);
    Some(IssuerLine { reader, channel })
}

impl<R: Reader> IssuerLine<'_, R> {
    pub(crate) fn say(&mut self, header: [u8; 4], data: &[u8]) -> StatusWord {
        self.try_to_say(header, data).unwrap()
    }

    /// Nothing where the card goes away.
    pub(crate) fn try_to_say(&mut self, header: [u8; 4], data: &[u8]) -> Option<StatusWord> {
        let command = Command::new(header, data, Some(256)).unwrap();
        let wrapped = self.channel.wrap(&command).unwrap();
        let answer = self.reader.transmit(&Command::parse(wrapped.as_slice()).unwrap()).ok()?;
        Some(self.channel.unwrap(&answer).unwrap().status())
    }
}
