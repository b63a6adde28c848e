//! The fonts of the system: a face with Chinese characters, and one more for what it lacks.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use fontdb::{Database, Family, Query};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use ttf_parser::Face as Parsed;

/// Families with simplified Chinese glyph forms, the best first.
const CHINESE: [&str; 8] = [
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Serif CJK SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
];
/// Families that have every sign of a currency.
const LATIN: [&str; 4] = ["Noto Sans", "DejaVu Sans", "Liberation Sans", "Arial"];
/// What a face must have to be of use: a character of simplified Chinese, and one of names beyond GB 2312.
const PROBES: [char; 2] = ['账', '镕'];

/// Why a document cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undrawable {
    /// The system has no font with Chinese characters.
    NoFont,
    /// No font of the system has this character.
    NoGlyph(char),
    /// The file could not be written.
    Writer,
}

impl fmt::Display for Undrawable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFont => f.write_str("no font with Chinese characters is installed"),
            Self::NoGlyph(character) => write!(f, "no font has the character {character:?}"),
            Self::Writer => f.write_str("the file could not be written"),
        }
    }
}

impl std::error::Error for Undrawable {}

/// One face of a font file.
#[derive(Clone)]
struct Face {
    data: Arc<Vec<u8>>,
    index: u32,
    font: Font,
}

/// The faces to draw with: for each character the first one that has it. Cloning is cheap.
#[derive(Clone)]
pub struct Fonts {
    faces: Vec<Face>,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts").field("faces", &self.faces.len()).finish()
    }
}

/// Neighbouring characters that one face draws.
pub(crate) struct Run {
    /// The face.
    pub(crate) font: Font,
    /// Its glyphs; their ranges count in [`Run::text`].
    pub(crate) glyphs: Vec<KrillaGlyph>,
    /// What they stand for.
    pub(crate) text: String,
    /// How wide they are, in units of the font size.
    pub(crate) width: f32,
}

impl Fonts {
    /// The fonts of this system.
    ///
    /// # Errors
    /// [`Undrawable::NoFont`].
    pub fn find() -> Result<Self, Undrawable> {
        let mut database = Database::new();
        database.load_system_fonts();
        Self::among(&database)
    }

    fn among(database: &Database) -> Result<Self, Undrawable> {
        let load = |name: &&str| load(database, name);
        let has_probes = |face: &Face| {
            Parsed::parse(&face.data, face.index)
                .is_ok_and(|parsed| PROBES.iter().all(|probe| parsed.glyph_index(*probe).is_some()))
        };
        let chinese = CHINESE.iter().filter_map(load).find(has_probes).ok_or(Undrawable::NoFont)?;
        let mut faces = vec![chinese];
        faces.extend(LATIN.iter().find_map(load));
        Ok(Self { faces })
    }

    /// The text as glyphs.
    ///
    /// # Errors
    /// [`Undrawable::NoGlyph`].
    pub(crate) fn shape(&self, text: &str) -> Result<Vec<Run>, Undrawable> {
        let parsed: Vec<Parsed<'_>> = self
            .faces
            .iter()
            .map(|face| Parsed::parse(&face.data, face.index).map_err(|_| Undrawable::NoFont))
            .collect::<Result<_, _>>()?;
        let mut runs: Vec<(usize, Run)> = Vec::new();
        for character in text.chars() {
            let found = parsed.iter().enumerate().find_map(|(place, face)| {
                face.glyph_index(character).filter(|glyph| glyph.0 != 0).map(|glyph| (place, glyph))
            });
            let (place, glyph) = found.ok_or(Undrawable::NoGlyph(character))?;
            let (Some(face), Some(shape)) = (self.faces.get(place), parsed.get(place)) else {
                return Err(Undrawable::NoGlyph(character));
            };
            let advance = shape.glyph_hor_advance(glyph).unwrap_or_default();
            let advance = f32::from(advance) / f32::from(shape.units_per_em().max(1));
            if runs.last().is_none_or(|(last, _)| *last != place) {
                let font = face.font.clone();
                runs.push((place, Run { font, glyphs: Vec::new(), text: String::new(), width: 0.0 }));
            }
            if let Some((_, run)) = runs.last_mut() {
                let start = run.text.len();
                run.text.push(character);
                let id = GlyphId::new(u32::from(glyph.0));
                run.glyphs.push(glyph_of(id, start..run.text.len(), advance));
                run.width += advance;
            }
        }
        Ok(runs.into_iter().map(|(_, run)| run).collect())
    }

    /// How wide the text is, in units of the font size.
    ///
    /// # Errors
    /// [`Undrawable::NoGlyph`].
    pub(crate) fn width(&self, text: &str) -> Result<f32, Undrawable> {
        Ok(self.shape(text)?.iter().map(|run| run.width).sum())
    }
}

const fn glyph_of(glyph_id: GlyphId, text_range: Range<usize>, x_advance: f32) -> KrillaGlyph {
    KrillaGlyph {
        glyph_id,
        text_range,
        x_advance,
        x_offset: 0.0,
        y_offset: 0.0,
        y_advance: 0.0,
        location: None,
    }
}

fn load(database: &Database, family: &str) -> Option<Face> {
    let id = database.query(&Query { families: &[Family::Name(family)], ..Query::default() })?;
    let (data, index) = database.with_face_data(id, |data, index| (Arc::new(data.to_vec()), index))?;
    let font = Font::new(krilla::Data::from(Arc::clone(&data)), index)?;
    Some(Face { data, index, font })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_font_there_is_a_clear_answer() {
        assert_eq!(Fonts::among(&Database::new()).unwrap_err(), Undrawable::NoFont);
    }

    #[test]
    fn no_glyph_is_notdef_and_no_currency_sign_is_lost() {
        // A machine without such a font is told so elsewhere.
        let Ok(fonts) = Fonts::find() else { return };
        // Signs of currencies, both yen signs, names beyond GB 2312, and what receipts are made of.
        let text = "¥￥$€£₩ HK$ 1,234.50 喆堃镕 细丝 对账单 Receipt −+·…—（）：“”";
        let runs = fonts.shape(text).unwrap();
        let drawn: String = runs.iter().map(|run| run.text.as_str()).collect();
        assert_eq!(drawn, text);
        for run in &runs {
            assert!(run.glyphs.iter().all(|glyph| glyph.glyph_id != GlyphId::new(0)), "{}", run.text);
            assert_eq!(run.glyphs.len(), run.text.chars().count());
        }
        assert!(runs.iter().any(|run| run.text.contains('\u{a5}')));
        assert!(fonts.width("¥").unwrap() > 0.0);
    }

    #[test]
    fn a_character_that_nobody_can_draw_is_an_error() {
        let Ok(fonts) = Fonts::find() else { return };
        assert_eq!(fonts.width("\u{e123}").unwrap_err(), Undrawable::NoGlyph('\u{e123}'));
    }
}
