//! The opening of a secure channel, as its host computes it, and messages under it.

use std::collections::HashSet;

use globalplatform::{
    apdu::{Command, Response},
    block_cipher::{AesKey, DesKey},
    secure_channel::{
        Challenge, Cryptogram, HostChannel, HostOpening, INITIALIZE_UPDATE, SecurityLevel, StaticKeys, scp02,
        scp03,
    },
};

use super::{
    computed::Computed,
    entry::{Entry, EntryError, Mistake, bytes_of},
    hexadecimal,
    ordered_json::Json,
};

/// Diversification data, key version, protocol.
const PROTOCOL: usize = 11;
/// Where the cryptogram of the card stands in the answers of SCP02 and SCP03.
const CRYPTOGRAM: [usize; 2] = [20, 21];

/// Everything that the fields of the entry allow.
pub(super) fn compute(entry: &Entry, computed: &mut Computed) -> Result<(), EntryError> {
    let initialize = initialize_update(entry)?;
    let initialize = computed.need("INIT_UPDATE", initialize);
    let answer = answer(entry)?;
    let answer = computed.need("RESP", answer);
    let level = level(entry)?;
    let [enc, mac, dek] = ["ENC", "MAC", "DEK"].map(|name| entry.bytes(name));
    let (enc, mac) = (computed.need("ENC", enc?), computed.need("MAC", mac?));
    let keys = Keys { enc, mac, dek: dek?, protocol: answer.as_ref().map(|answer| answer.protocol) };
    let keys = keys.checked()?;
    let (Some((version, challenge)), Some(answer), Some(keys)) = (initialize, answer, keys) else {
        return Ok(());
    };
    let opening = Opening { version, challenge, answer };
    opening.compute_session(&keys, computed);
    // The host's cryptogram is the same at every level.
    let (_, authenticate) = opening.open(&keys, SecurityLevel::AUTHENTICATED)?;
    if let Some(cryptogram) = authenticate.get(5..13) {
        computed.value("host_cryptogram", cryptogram);
    }
    let Some(level) = computed.need("level", level) else { return Ok(()) };
    let (channel, authenticate) = opening.open(&keys, level)?;
    computed.value("EXT_AUTH", &authenticate);
    wrap(entry, channel.clone(), computed)?;
    exchange(entry, channel, computed)
}

/// Key version and challenge of the host.
fn initialize_update(entry: &Entry) -> Result<Option<(u8, Challenge)>, EntryError> {
    const NAME: &str = "INIT_UPDATE";
    let Some(bytes) = entry.bytes(NAME)? else { return Ok(None) };
    let command = Command::parse(&bytes).map_err(|error| EntryError::new(NAME, Mistake::Command(error)))?;
    if command.ins != INITIALIZE_UPDATE {
        return Err(EntryError::new(NAME, Mistake::UnknownValue));
    }
    let mistake = Mistake::Length { is: command.data().len(), expected: "8 of a challenge" };
    let challenge = command.data().try_into().map_err(|_| EntryError::new(NAME, mistake))?;
    Ok(Some((command.p1, challenge)))
}

/// What the card answered, without status word.
struct CardAnswer {
    data: Vec<u8>,
    protocol: Protocol,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Scp02,
    Scp03,
}

fn answer(entry: &Entry) -> Result<Option<CardAnswer>, EntryError> {
    const NAME: &str = "RESP";
    let Some(mut data) = entry.bytes(NAME)? else { return Ok(None) };
    if matches!(data.len(), 30 | 31 | 34) && data.ends_with(&[0x90, 0x00]) {
        data.truncate(data.len() - 2);
    }
    let protocol = match (data.get(PROTOCOL), data.len()) {
        (Some(2), 28) => Protocol::Scp02,
        (Some(3), 29 | 32) => Protocol::Scp03,
        (Some(2 | 3) | None, is) => {
            let expected = "28 (SCP02), 29 or 32 (SCP03)";
            return Err(EntryError::new(NAME, Mistake::Length { is, expected }));
        }
        (Some(_), _) => return Err(EntryError::new(NAME, Mistake::UnknownValue)),
    };
    Ok(Some(CardAnswer { data, protocol }))
}

/// `level`, or P1 of `EXT_AUTH`, of which nothing else is read.
fn level(entry: &Entry) -> Result<Option<SecurityLevel>, EntryError> {
    let given = entry.array::<1>("level")?.map(|[byte]| byte);
    let authenticate = entry.bytes("EXT_AUTH")?;
    let sent = match authenticate.as_deref() {
        None | Some([]) => None,
        Some([0x80 | 0x84, 0x82, p1, ..]) => Some(*p1),
        Some(_) => return Err(EntryError::new("EXT_AUTH", Mistake::UnknownValue)),
    };
    if given.is_some() && sent.is_some() && given != sent {
        return Err(EntryError::new("level", Mistake::Differs { other: "P1 of EXT_AUTH" }));
    }
    let Some(byte) = given.or(sent) else { return Ok(None) };
    let name = if given.is_some() { "level" } else { "EXT_AUTH" };
    SecurityLevel::from_byte(byte).map(Some).ok_or_else(|| EntryError::new(name, Mistake::UnknownValue))
}

/// The keys of the entry, of which any may be missing.
struct Keys {
    enc: Option<Vec<u8>>,
    mac: Option<Vec<u8>>,
    dek: Option<Vec<u8>>,
    protocol: Option<Protocol>,
}

/// The keys of a channel; only SCP02 derives a session key from the DEK, so that it is not always needed.
struct ChannelKeys {
    keys: StaticKeys,
    has_dek: bool,
}

impl Keys {
    /// `None` where a key is missing. Without protocol, any length of either is right.
    fn checked(self) -> Result<Option<ChannelKeys>, EntryError> {
        for (name, key) in [("ENC", &self.enc), ("MAC", &self.mac), ("DEK", &self.dek)] {
            let Some(key) = key else { continue };
            let (fits, expected) = match self.protocol {
                Some(Protocol::Scp02) => (key.len() == 16, "16"),
                _ => (matches!(key.len(), 16 | 24 | 32), "16, 24 or 32"),
            };
            if !fits {
                return Err(EntryError::new(name, Mistake::Length { is: key.len(), expected }));
            }
        }
        let (Some(enc), Some(mac), Some(protocol)) = (self.enc, self.mac, self.protocol) else {
            return Ok(None);
        };
        let has_dek = self.dek.is_some();
        let dek = self.dek.unwrap_or_else(|| vec![0; 16]);
        Ok(static_keys(protocol, [&enc, &mac, &dek]).map(|keys| ChannelKeys { keys, has_dek }))
    }
}

fn static_keys(protocol: Protocol, [enc, mac, dek]: [&[u8]; 3]) -> Option<StaticKeys> {
    Some(match protocol {
        Protocol::Scp02 => StaticKeys::Scp02(scp02::StaticKeys {
            enc: DesKey::new(enc)?,
            mac: DesKey::new(mac)?,
            dek: DesKey::new(dek)?,
        }),
        Protocol::Scp03 => StaticKeys::Scp03(scp03::StaticKeys {
            enc: AesKey::new(enc)?,
            mac: AesKey::new(mac)?,
            dek: AesKey::new(dek)?,
        }),
    })
}

struct Opening {
    version: u8,
    challenge: Challenge,
    answer: CardAnswer,
}

impl Opening {
    /// The channel and its EXTERNAL AUTHENTICATE. The card's cryptogram is the computed one, whatever the card sent.
    fn open(&self, keys: &ChannelKeys, level: SecurityLevel) -> Result<(HostChannel, Vec<u8>), EntryError> {
        let mut answer = self.answer.data.clone();
        if let (Some(cryptogram), Some(place)) = (self.card_cryptogram(keys), self.place_in(&mut answer)) {
            *place = cryptogram;
        }
        let (opening, _) = HostOpening::begin(self.version, self.challenge);
        let opened = opening.authenticate(&keys.keys, &answer, level);
        let (channel, command) =
            opened.map_err(|error| EntryError::new("EXT_AUTH", Mistake::Channel(error)))?;
        Ok((channel, command.as_slice().to_vec()))
    }

    fn place_in<'a>(&self, answer: &'a mut [u8]) -> Option<&'a mut Cryptogram> {
        let [scp02, scp03] = CRYPTOGRAM;
        let at = if self.answer.protocol == Protocol::Scp02 { scp02 } else { scp03 };
        answer.get_mut(at..)?.first_chunk_mut()
    }

    /// Session keys and the card's cryptogram.
    fn compute_session(&self, keys: &ChannelKeys, computed: &mut Computed) {
        let hex = |bytes: &[u8]| Json::Text(hexadecimal::text(bytes));
        let session = match &keys.keys {
            StaticKeys::Scp02(keys_of_card) => self.scp02(keys_of_card).map(|session| {
                let [enc, c_mac, r_mac] = session.expose_keys().map(|key| hex(key.expose()));
                let dek = computed.need("DEK", keys.has_dek.then(|| hex(session.dek().expose())));
                let named = [("S-ENC", enc), ("C-MAC", c_mac), ("R-MAC", r_mac)];
                named.into_iter().chain(dek.map(|dek| ("S-DEK", dek))).collect::<Vec<_>>()
            }),
            StaticKeys::Scp03(keys_of_card) => self.scp03(keys_of_card).map(|session| {
                let [enc, mac, r_mac] = session.expose_keys().map(|key| hex(key.expose()));
                vec![("S-ENC", enc), ("S-MAC", mac), ("S-RMAC", r_mac)]
            }),
        };
        let named = session.unwrap_or_default().into_iter();
        computed.json("session", Json::Object(named.map(|(name, key)| (name.to_owned(), key)).collect()));
        let Some(cryptogram) = self.card_cryptogram(keys) else { return };
        computed.value("card_cryptogram", &cryptogram);
        if self.place_in(&mut self.answer.data.clone()) != Some(&mut cryptogram.clone()) {
            computed.warn("RESP: the card sent another cryptogram; it may not know these keys");
        }
    }

    fn card_cryptogram(&self, keys: &ChannelKeys) -> Option<Cryptogram> {
        match &keys.keys {
            StaticKeys::Scp02(keys) => self.scp02(keys).map(|session| session.card_cryptogram()),
            StaticKeys::Scp03(keys) => self.scp03(keys).map(|session| session.card_cryptogram()),
        }
    }

    /// Counter (2) ‖ challenge (6) stand before the cryptogram.
    fn scp02(&self, keys: &scp02::StaticKeys) -> Option<scp02::Session> {
        let (counter, rest) = self.answer.data.get(PROTOCOL + 1..)?.split_first_chunk()?;
        Some(scp02::Session::new(keys, self.challenge, *counter, *rest.first_chunk()?))
    }

    /// Options (1) ‖ challenge (8) stand before the cryptogram.
    fn scp03(&self, keys: &scp03::StaticKeys) -> Option<scp03::Session> {
        let card = self.answer.data.get(PROTOCOL + 2..)?.first_chunk()?;
        Some(scp03::Session::new(keys, self.challenge, *card))
    }
}

/// The commands of `wrap`, the names of an object or a list, protected in their order: each moves the channel on.
fn wrap(entry: &Entry, mut channel: HostChannel, computed: &mut Computed) -> Result<(), EntryError> {
    let commands: Vec<&str> = match entry.field("wrap") {
        None => return Ok(()),
        Some(Json::Object(fields)) => fields.iter().map(|(plain, _)| plain.as_str()).collect(),
        Some(Json::List(list)) => list
            .iter()
            .map(|plain| match plain {
                Json::Text(plain) => Ok(plain.as_str()),
                _ => Err(EntryError::new("wrap", Mistake::NotText)),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(EntryError::new("wrap", Mistake::NotAList)),
    };
    let (mut wrapped, mut seen) = (Vec::with_capacity(commands.len()), HashSet::new());
    for plain in commands {
        let name = format!("wrap[{}]", wrapped.len());
        if !seen.insert(plain) {
            return Err(EntryError::new(name, Mistake::Twice));
        }
        let bytes = bytes_of(&name, &Json::Text(plain.to_owned()))?;
        let command = protect(&mut channel, &name, &bytes)?;
        wrapped.push((plain.to_owned(), Json::Text(hexadecimal::text(&command))));
    }
    computed.json("wrap", Json::Object(wrapped));
    Ok(())
}

/// The commands of `plain` and the responses of `resp_wrapped`, by turns. A text gives a text, a list gives a list.
fn exchange(entry: &Entry, mut channel: HostChannel, computed: &mut Computed) -> Result<(), EntryError> {
    let commands = entry.one_or_more("plain")?;
    let responses = entry.one_or_more("resp_wrapped")?;
    if responses.len() > commands.len() {
        if commands.is_empty() {
            computed.need("plain", None::<()>);
            return Ok(());
        }
        return Err(EntryError::new("resp_wrapped", Mistake::Needs { other: "a command for each response" }));
    }
    let (mut wrapped, mut opened) = (Vec::new(), Vec::new());
    let mut responses = responses.iter();
    for (place, command) in commands.iter().enumerate() {
        let command = protect(&mut channel, &format!("plain[{place}]"), command)?;
        wrapped.push(Json::Text(hexadecimal::text(&command)));
        if let Some(response) = responses.next() {
            let data = open(&mut channel, &format!("resp_wrapped[{place}]"), response)?;
            opened.push(Json::Text(hexadecimal::text(&data)));
        }
    }
    for (from, name, values) in [("plain", "wrapped", wrapped), ("resp_wrapped", "resp_plain", opened)] {
        match entry.field(from) {
            None => {}
            Some(Json::List(_)) => computed.json(name, Json::List(values)),
            Some(_) => values.into_iter().for_each(|value| computed.json(name, value)),
        }
    }
    Ok(())
}

fn protect(channel: &mut HostChannel, name: &str, plain: &[u8]) -> Result<Vec<u8>, EntryError> {
    let command = Command::parse(plain).map_err(|error| EntryError::new(name, Mistake::Command(error)))?;
    let wrapped = channel.wrap(&command).map_err(|error| EntryError::new(name, Mistake::Channel(error)))?;
    Ok(wrapped.as_slice().to_vec())
}

/// Opens the data of a response 9000, written without its status word.
fn open(channel: &mut HostChannel, name: &str, data: &[u8]) -> Result<Vec<u8>, EntryError> {
    let mistake = Mistake::Length { is: data.len(), expected: "at most 256" };
    let response = Response::with_data(data).map_err(|_| EntryError::new(name, mistake))?;
    let plain = channel.unwrap(&response).map_err(|error| EntryError::new(name, Mistake::Channel(error)))?;
    Ok(plain.data().to_vec())
}
