//! Meetings of two purses that are at two places: the server carries frames between their devices and understands nothing of
//! them. Cards sign and check everything that counts, and go on in another meeting after a break; so nothing here is kept
//! longer than a meeting, and none of it is in the records.
//!
//! Invariants: what is kept is bounded, in all and for each opener; frames of a side are numbered without gaps and never change.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use serde::{Deserialize, Deserializer};
use wallet::ids::PrincipalId;

/// How long a meeting lasts.
const MEETING_SECONDS: u64 = 600;
/// How many there are at most.
const MEETINGS_MAX: usize = 4_096;
/// How many one opener has at most: a further one closes the oldest.
const PER_OPENER_MAX: usize = 8;
/// How many frames a side sends at most.
const FRAMES_MAX: usize = 8;
/// How long a frame is at most.
const FRAME_BYTES_MAX: usize = 1_024;
const CODE_CHARACTERS: usize = 10;

/// The digits of Crockford's base 32: no I, L, O or U, which are read as something else.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code of a meeting, 50 bits: whoever has it may send and fetch frames.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MeetingCode([u8; CODE_CHARACTERS]);

impl MeetingCode {
    /// From random bytes.
    pub(crate) fn drawn(random: [u8; CODE_CHARACTERS]) -> Self {
        // Each byte has 256 values, eight for each of the 32 digits.
        Self(random.map(|byte| DIGITS[usize::from(byte % 32)]))
    }
}

impl fmt::Debug for MeetingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MeetingCode")
    }
}

/// As people write it: `XXXXX-XXXXX`.
impl fmt::Display for MeetingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(CODE_CHARACTERS / 2);
        first.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))?;
        f.write_str("-")?;
        second.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

/// Spaces and dashes do not matter, nor does case.
impl FromStr for MeetingCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let typed =
            text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).map(|byte| byte.to_ascii_uppercase());
        let digits: Vec<u8> = typed.collect();
        let code = digits.try_into().map(Self).ok();
        let code = code.filter(|Self(digits)| digits.iter().all(|digit| DIGITS.contains(digit)));
        code.ok_or_else(|| format!("text is not {CODE_CHARACTERS} digits of a meeting's code"))
    }
}

impl<'de> Deserialize<'de> for MeetingCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// On which side of a transfer a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MeetingSide {
    Payer,
    Payee,
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MeetingRefusal {
    /// There is no such meeting, or its time is over.
    Unknown,
    /// The server carries as many meetings as it can.
    Full,
    /// There is another frame under this number.
    OtherFrame,
    /// A frame before this one is missing, or the side has sent all that it may.
    Number,
    /// The frame is empty or too long.
    Length,
}

#[derive(Debug)]
struct Meeting {
    opener: PrincipalId,
    opened_at: Timestamp,
    frames: [Vec<Vec<u8>>; 2],
}

impl Meeting {
    fn is_over(&self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.opened_at.0) >= MEETING_SECONDS * NANOSECONDS_PER_SECOND
    }

    const fn frames(&mut self, side: MeetingSide) -> &mut Vec<Vec<u8>> {
        let [payer, payee] = &mut self.frames;
        match side {
            MeetingSide::Payer => payer,
            MeetingSide::Payee => payee,
        }
    }
}

/// The meetings of a server.
#[derive(Debug, Default)]
pub(crate) struct PurseMeetings(Mutex<HashMap<MeetingCode, Meeting>>);

impl PurseMeetings {
    /// Opens a meeting. Answers when it ends.
    pub(crate) fn open(
        &self,
        opener: PrincipalId,
        code: MeetingCode,
        now: Timestamp,
    ) -> Result<Timestamp, MeetingRefusal> {
        let mut meetings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        meetings.retain(|_, meeting| !meeting.is_over(now));
        let own = meetings.iter().filter(|(_, meeting)| meeting.opener == opener);
        if own.clone().count() >= PER_OPENER_MAX {
            let oldest = own.map(|(code, meeting)| (meeting.opened_at, *code)).min();
            oldest.and_then(|(_, code)| meetings.remove(&code));
        }
        if meetings.len() >= MEETINGS_MAX || meetings.contains_key(&code) {
            return Err(MeetingRefusal::Full);
        }
        meetings.insert(code, Meeting { opener, opened_at: now, frames: Default::default() });
        Ok(Timestamp(now.0.saturating_add(MEETING_SECONDS * NANOSECONDS_PER_SECOND)))
    }

    /// Takes a frame of a side. The same one again changes nothing.
    pub(crate) fn put(
        &self,
        (code, side, number): (MeetingCode, MeetingSide, u32),
        frame: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), MeetingRefusal> {
        if !(1..=FRAME_BYTES_MAX).contains(&frame.len()) {
            return Err(MeetingRefusal::Length);
        }
        self.within(code, now, |meeting| {
            let frames = meeting.frames(side);
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            match frames.get(place) {
                Some(known) if *known == frame => Ok(()),
                Some(_) => Err(MeetingRefusal::OtherFrame),
                None if place == frames.len() && place < FRAMES_MAX => {
                    frames.push(frame);
                    Ok(())
                }
                None => Err(MeetingRefusal::Number),
            }
        })
    }

    /// A frame of a side; `None` while it is not there.
    pub(crate) fn get(
        &self,
        (code, side, number): (MeetingCode, MeetingSide, u32),
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, MeetingRefusal> {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        self.within(code, now, |meeting| Ok(meeting.frames(side).get(place).cloned()))
    }

    /// Forgets the meetings that are over.
    pub(crate) fn forget_ended(&self, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, meeting| !meeting.is_over(now));
    }

    fn within<T>(
        &self,
        code: MeetingCode,
        now: Timestamp,
        act: impl FnOnce(&mut Meeting) -> Result<T, MeetingRefusal>,
    ) -> Result<T, MeetingRefusal> {
        let mut meetings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meeting = meetings.get_mut(&code).filter(|meeting| !meeting.is_over(now));
        act(meeting.ok_or(MeetingRefusal::Unknown)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: PrincipalId = PrincipalId::new(1);
    const BOB: PrincipalId = PrincipalId::new(2);

    fn at(seconds: u64) -> Timestamp {
        Timestamp((1_000_000 + seconds) * NANOSECONDS_PER_SECOND)
    }

    fn code(number: u8) -> MeetingCode {
        MeetingCode::drawn([number; CODE_CHARACTERS])
    }

    fn one() -> PurseMeetings {
        let meetings = PurseMeetings::default();
        meetings.open(ALICE, code(1), at(0)).unwrap();
        meetings
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = MeetingCode::drawn([0, 1, 2, 3, 4, 5, 6, 7, 8, 31]);
        assert_eq!(code.to_string(), "01234-5678Z");
        for typed in ["01234-5678z", "012345678Z", " 01234 5678Z"] {
            assert_eq!(typed.parse(), Ok(code), "{typed}");
        }
        for wrong in ["", "01234-5678", "01234-5678ZZ", "01234-5678U", "01234-5678é"] {
            assert!(wrong.parse::<MeetingCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn frames_of_each_side_arrive_under_their_numbers() {
        let meetings = one();
        let place = |side, number| (code(1), side, number);
        assert_eq!(meetings.get(place(MeetingSide::Payer, 0), at(1)), Ok(None));
        meetings.put(place(MeetingSide::Payer, 0), vec![1], at(1)).unwrap();
        meetings.put(place(MeetingSide::Payee, 0), vec![2], at(1)).unwrap();
        meetings.put(place(MeetingSide::Payer, 1), vec![3], at(2)).unwrap();
        assert_eq!(meetings.get(place(MeetingSide::Payer, 1), at(3)), Ok(Some(vec![3])));
        assert_eq!(meetings.get(place(MeetingSide::Payee, 0), at(3)), Ok(Some(vec![2])));
    }

    #[test]
    fn a_frame_sent_again_changes_nothing_and_another_one_is_refused() {
        let meetings = one();
        let place = |number| (code(1), MeetingSide::Payer, number);
        meetings.put(place(0), vec![1], at(1)).unwrap();
        meetings.put(place(0), vec![1], at(2)).unwrap();
        assert_eq!(meetings.put(place(0), vec![9], at(2)), Err(MeetingRefusal::OtherFrame));
        assert_eq!(meetings.put(place(2), vec![1], at(2)), Err(MeetingRefusal::Number));
        assert_eq!(meetings.put(place(1), Vec::new(), at(2)), Err(MeetingRefusal::Length));
        assert_eq!(meetings.put(place(1), vec![0; FRAME_BYTES_MAX + 1], at(2)), Err(MeetingRefusal::Length));
        for number in 1..8 {
            meetings.put(place(number), vec![1], at(3)).unwrap();
        }
        assert_eq!(meetings.put(place(8), vec![1], at(3)), Err(MeetingRefusal::Number));
    }

    #[test]
    fn a_meeting_ends_after_ten_minutes() {
        let meetings = one();
        let place = (code(1), MeetingSide::Payer, 0);
        assert_eq!(meetings.put(place, vec![1], at(599)), Ok(()));
        assert_eq!(meetings.get(place, at(600)), Err(MeetingRefusal::Unknown));
        assert_eq!(meetings.get((code(2), MeetingSide::Payer, 0), at(1)), Err(MeetingRefusal::Unknown));
    }

    #[test]
    fn a_ninth_meeting_closes_the_openers_first_and_nobody_elses() {
        let meetings = PurseMeetings::default();
        meetings.open(BOB, code(30), at(0)).unwrap();
        for number in 0..9 {
            meetings.open(ALICE, code(number), at(u64::from(number))).unwrap();
        }
        let is_there = |number| meetings.get((code(number), MeetingSide::Payer, 0), at(9)).is_ok();
        assert!(!is_there(0) && (1..9).all(is_there) && is_there(30));
    }

    #[test]
    fn of_meetings_opened_at_one_time_the_same_one_is_always_closed() {
        let meetings = PurseMeetings::default();
        for number in (0..9).rev() {
            meetings.open(ALICE, code(number), at(0)).unwrap();
        }
        let is_there = |number| meetings.get((code(number), MeetingSide::Payer, 0), at(1)).is_ok();
        assert!(is_there(0) && !is_there(1) && (2..9).all(is_there));
    }

    #[test]
    fn what_is_over_is_forgotten_though_nobody_opens_another() {
        let meetings = one();
        meetings.open(BOB, code(2), at(1)).unwrap();
        meetings.forget_ended(at(600));
        let kept: Vec<_> = meetings.0.lock().unwrap().keys().copied().collect();
        assert_eq!(kept, [code(2)]);
    }

    #[test]
    fn a_server_that_carries_all_it_can_refuses_more_until_some_are_over() {
        let meetings = PurseMeetings::default();
        let code = |number: u16| {
            let [high, low] = number.to_be_bytes();
            let digits = [low % 32, low / 32, high % 32, high / 32];
            MeetingCode::drawn(std::array::from_fn(|place| digits.get(place).copied().unwrap_or(0)))
        };
        for number in 0..4_096 {
            meetings.open(PrincipalId::new(u128::from(number) + 1), code(number), at(0)).unwrap();
        }
        assert_eq!(meetings.open(PrincipalId::new(9_999), code(5_001), at(599)), Err(MeetingRefusal::Full));
        assert!(meetings.open(PrincipalId::new(9_999), code(5_001), at(600)).is_ok());
    }
}
