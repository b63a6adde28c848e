//! A form with files that a member sends back: read, and refused unless it was rendered for the same session.

use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartError;
use axum::http::StatusCode;
use pages::fault::Fault;

use super::stop::Stop;
use super::visit::Visit;
use crate::form::check_token;

/// The parts of a form that was rendered for this session.
pub(super) struct OwnParts(Vec<Part>);

struct Part {
    name: String,
    file_name: String,
    bytes: Bytes,
}

/// What was chosen in a field for files.
pub(super) struct SentFile {
    /// The name on the visitor's device, without folders.
    pub(super) name: String,
    /// Its content.
    pub(super) bytes: Bytes,
}

impl OwnParts {
    /// Reads the form; nothing where it is larger than its route takes.
    pub(super) async fn read(visit: &Visit, mut parts: Multipart) -> Result<Option<Self>, Stop> {
        let member = visit.member.as_ref().ok_or_else(|| visit.stop(Fault::ForgedForm))?;
        let own = match all(&mut parts).await {
            Ok(parts) => Self(parts),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Ok(None),
            Err(_) => return Err(visit.stop(Fault::BadRequest)),
        };
        let token = own.text("form_token").unwrap_or_default();
        check_token(&member.caller, token).map_err(|_| visit.stop(Fault::ForgedForm))?;
        Ok(Some(own))
    }

    /// The text of a field; nothing where it is not UTF-8.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.part(field).map_or(Some(""), |part| std::str::from_utf8(&part.bytes).ok())
    }

    /// The file of a field; nothing where none was chosen.
    pub(super) fn file(&self, field: &str) -> Option<SentFile> {
        let part = self.part(field).filter(|part| !part.file_name.is_empty())?;
        let name = part.file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Some(SentFile { name, bytes: part.bytes.clone() })
    }

    fn part(&self, field: &str) -> Option<&Part> {
        self.0.iter().find(|part| part.name == field)
    }
}

async fn all(parts: &mut Multipart) -> Result<Vec<Part>, MultipartError> {
    let mut all = Vec::new();
    while let Some(part) = parts.next_field().await? {
        let named = |name: Option<&str>| name.unwrap_or_default().to_owned();
        let (name, file_name) = (named(part.name()), named(part.file_name()));
        all.push(Part { name, file_name, bytes: part.bytes().await? });
    }
    Ok(all)
}
