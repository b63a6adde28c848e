//! What a member of staff may do on the merchant's pages.

use operations::till;
use pages::fault::Fault;
use records::till::StaffRole;
use wallet::ids::PrincipalId;

use super::stop::Stop;
use super::visit::{StaffVisit, Visit};
use crate::App;
use crate::problem::{Kind, Problem};

/// The role of the member of staff who looks, and who they are.
pub(super) async fn of(visit: &Visit) -> Result<(PrincipalId, StaffRole), Stop> {
    let Some(member) = &visit.member else { return Err(visit.stop(Fault::Forbidden)) };
    let id = member.principal.id;
    let entry = visit.need(till::staff_entry(visit.app.operations(), id).await)?;
    Ok((id, entry.role))
}

/// The member of staff who looks, where they are at least `least`.
pub(super) async fn require(staff: &StaffVisit, least: StaffRole) -> Result<PrincipalId, Stop> {
    let (id, role) = of(&staff.visit).await?;
    if role >= least { Ok(id) } else { Err(staff.visit.stop(Fault::Forbidden)) }
}

/// Refuses a member of staff who is less than `least`: for the API.
///
/// # Errors
/// A 403.
pub(crate) async fn require_on_api(
    app: &App,
    principal: PrincipalId,
    least: StaffRole,
) -> Result<(), Problem> {
    let entry = till::staff_entry(app.operations(), principal).await?;
    if entry.role >= least {
        return Ok(());
    }
    Err(Problem::new(Kind::FORBIDDEN, "your role among the merchant's staff may not do this"))
}
