//! What the issuer has switched off: generations of keys, and series of value. Both lists only grow.

use pki::{Generation, SubjectId};

use super::pay_details::Series;
use crate::bytes::{Reader, Writer};

const GENERATIONS_MAX: usize = 4;
const SERIES_MAX: usize = 8;

/// Generations by issuer, and series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SwitchedOff {
    generations: [(SubjectId, Generation); GENERATIONS_MAX],
    generation_count: u8,
    series: [Series; SERIES_MAX],
    series_count: u8,
}

impl SwitchedOff {
    pub(super) const BYTES: usize = GENERATIONS_MAX * 18 + 1 + SERIES_MAX * 2 + 1;
    pub(super) const NOTHING: Self = Self {
        generations: [(SubjectId([0; 16]), Generation(0)); GENERATIONS_MAX],
        generation_count: 0,
        series: [Series([0; 2]); SERIES_MAX],
        series_count: 0,
    };

    pub(super) fn generations(&self) -> &[(SubjectId, Generation)] {
        self.generations.get(..usize::from(self.generation_count)).unwrap_or_default()
    }

    pub(super) fn series(&self) -> &[Series] {
        self.series.get(..usize::from(self.series_count)).unwrap_or_default()
    }

    /// Switches a generation off; `None` where no more fit.
    pub(super) fn add_generation(&mut self, issuer: SubjectId, generation: Generation) -> Option<()> {
        if self.generations().contains(&(issuer, generation)) {
            return Some(());
        }
        *self.generations.get_mut(usize::from(self.generation_count))? = (issuer, generation);
        self.generation_count = self.generation_count.checked_add(1)?;
        Some(())
    }

    /// Switches a series off; `None` where no more fit.
    pub(super) fn add_series(&mut self, series: Series) -> Option<()> {
        if self.series().contains(&series) {
            return Some(());
        }
        *self.series.get_mut(usize::from(self.series_count))? = series;
        self.series_count = self.series_count.checked_add(1)?;
        Some(())
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        for (issuer, generation) in &self.generations {
            body.put(&issuer.0);
            body.put(&generation.0.to_be_bytes());
        }
        body.byte(self.generation_count);
        self.series.iter().for_each(|series| body.put(&series.0));
        body.byte(self.series_count);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let mut read = Self::NOTHING;
        for place in &mut read.generations {
            *place = (SubjectId(body.take()?), Generation(u16::from_be_bytes(body.take()?)));
        }
        read.generation_count = body.byte().filter(|count| usize::from(*count) <= GENERATIONS_MAX)?;
        for place in &mut read.series {
            *place = Series(body.take()?);
        }
        read.series_count = body.byte().filter(|count| usize::from(*count) <= SERIES_MAX)?;
        Some(read)
    }
}
