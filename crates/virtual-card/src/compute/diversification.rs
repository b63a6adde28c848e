//! Keys of a card, from a master key and factors (PBOC 2.0; one level for each factor).

use purse::pboc::key::{Algorithm, Dpk};

use super::{
    computed::Computed,
    entry::{Entry, EntryError, Mistake},
};

/// The diversified key, where there is a master key; which purpose it is for does not change its bytes.
pub(super) fn compute(entry: &Entry, computed: &mut Computed) -> Result<Option<[u8; 16]>, EntryError> {
    let master = entry.array("master")?;
    let factors = factors(entry)?;
    if master.is_none() && factors.is_empty() {
        return Ok(None);
    }
    let master = computed.need("master", master);
    let factors = computed.need("factor", Some(factors).filter(|factors| !factors.is_empty()));
    let (Some(master), Some(factors)) = (master, factors) else { return Ok(None) };
    let key = *Dpk::new(master).diversified_by(Algorithm::TripleDes, &factors).expose();
    computed.value("diversified", &key);
    Ok(Some(key))
}

/// One factor for each eight bytes of `factor` or of the texts of `factors`.
fn factors(entry: &Entry) -> Result<Vec<[u8; 8]>, EntryError> {
    let mut factors = Vec::new();
    for name in ["factor", "factors"] {
        for bytes in entry.one_or_more(name)? {
            let (whole, rest) = bytes.as_chunks::<8>();
            if whole.is_empty() || !rest.is_empty() {
                let expected = "8 for each level";
                return Err(EntryError::new(name, Mistake::Length { is: bytes.len(), expected }));
            }
            factors.extend_from_slice(whole);
        }
    }
    if entry.has_any(&["factor"]) && entry.has_any(&["factors"]) {
        return Err(EntryError::new("factors", Mistake::Twice));
    }
    Ok(factors)
}
