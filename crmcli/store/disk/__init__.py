"""Files, rights and transactions: durable writes, all or nothing."""
