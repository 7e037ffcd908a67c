//! Futures: what each keeps across its suspension points is what the splits view shows.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use crate::orders::{Order, OrderError};

/// Lets others run once.
#[derive(Default)]
pub struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Where orders are kept.
pub trait Store {
    fn load(&self, id: u64) -> impl Future<Output = Option<Order>>;
    fn save(&self, order: &Order) -> impl Future<Output = ()>;
}

/// Marks an order as paid: two suspension points, and what lives across each differs.
pub async fn pay<S: Store>(store: &S, id: u64, limit: u64) -> Result<u64, OrderError> {
    let Some(mut order) = store.load(id).await else {
        return Err(OrderError::Empty);
    };
    let total = order.total();
    if total > limit {
        return Err(OrderError::TooExpensive { total, limit });
    }
    order.paid = true;
    store.save(&order).await;
    Ok(total)
}

/// Pays several, one after the other.
pub async fn pay_all<S: Store>(store: &S, ids: &[u64], limit: u64) -> Vec<Result<u64, OrderError>> {
    let mut outcomes = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = pay(store, *id, limit).await;
        outcomes.push(outcome);
    }
    outcomes
}

/// A count that is locked only between suspension points.
pub async fn count_turns(counter: &Mutex<u32>, turns: u32) -> u32 {
    for _ in 0..turns {
        if let Ok(mut count) = counter.lock() {
            *count += 1;
        }
        Yield::default().await;
    }
    counter.lock().map_or(0, |count| *count)
}
