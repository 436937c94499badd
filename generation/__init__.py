"""What is made: the ARQ worker, the providers and the job queue in Redis."""
