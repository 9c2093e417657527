//! Own effects are not drift: what the effect touched is read again before its answer is given.

use std::sync::Arc;

use futures_util::future::join_all;
use lastlook_kernel::{Event, Rebased};

use super::Run;
use crate::clock;

impl Run<'_> {
    /// Takes touched readings again; one that cannot be taken leaves a tombstone.
    pub(super) async fn rebase(&mut self) -> Option<Event> {
        let boundary = self.boundary;
        let most = boundary.settings.guards.max_facts;
        let touched = &self.proposal.touched;
        let mut queries: Vec<_> = touched
            .orders
            .iter()
            .zip(&touched.basis.readings)
            .map(|(order, reading)| (*order, reading.tool.clone(), reading.params.clone()))
            .collect();
        let covered = self.proposal.covered.iter();
        queries.extend(covered.map(|it| (it.order, it.tool.clone(), Arc::clone(&it.params))));
        let moved = boundary.reader.moved(&self.proposal.tool.rules.touches, most);
        queries.extend(moved.into_iter().filter(|(order, ..)| !touched.orders.contains(order)));
        queries.truncate(most);
        let acted_at = self.passed.map(|passed| passed.at);
        let id = &self.proposal.id;
        let rebased = join_all(queries.into_iter().map(|(order, tool, params)| async move {
            let read = boundary.ask_again(&tool, &params).await.ok();
            let now = clock::moment();
            let since_act_ns = acted_at.map(|at| now.since(at)).unwrap_or_default();
            let after = id.clone();
            (order, read.map(|value| (value, Rebased { after, since_act_ns })))
        }))
        .await;
        self.rebased = rebased.iter().filter(|(_, read)| read.is_some()).count();
        boundary.reader.rebase(rebased);
        None
    }
}
