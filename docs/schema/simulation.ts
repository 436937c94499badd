// Generated from simulation/definitions/simulation_config.py. Do not edit.

export interface GenerationConfig {
  mode?: GenerationMode;
  lockstepTicks?: number;
  lockstepTimeoutSeconds?: number;
  queueMax?: number;
  perWorldInFlight?: number;
  perUserInFlight?: number;
  deferredMax?: number;
  deadlineSeconds?: number;
}

export type GenerationMode = "live" | "lockstep" | "off";

export type Mode = "real_time" | "turn_based" | "paused";

export type Tier = "detailed" | "active" | "ambient" | "dormant";

export interface TierConfig {
  maxNpcs?: number;
  decisionIntervalSeconds?: number;
  weight?: number;
  maxStalenessSeconds?: number | null;
  detail?: string;
}

export interface WorldSimulationConfig {
  timeScale?: number;
  maxNpcTicksPerStep?: number;
  maxJobOpsPerStep?: number;
  tickIntervalSeconds?: number;
  tiers?: Partial<Record<Tier, TierConfig>>;
  mode?: Mode;
  seed?: number | null;
  missedTickPolicy?: "catch_up" | "skip" | "slow" | "fail";
  maxCatchUpTicks?: number;
  downtimePolicy?: "freeze" | "catch_up";
  maxStepGameSeconds?: number | null;
  snapshotEverySeconds?: number;
  idlePolicy?: "run" | "sleep";
  generation?: GenerationConfig;
  rules?: Record<string, unknown>[];
  maxChainOpsPerStep?: number;
  maxNarrativeOpsPerStep?: number;
  maxIntentOpsPerStep?: number;
  pauseSimulation?: boolean;
}
