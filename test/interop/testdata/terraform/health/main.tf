# Health checks of every type, with as little and with as much as they take.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
}

# What can be changed in place is changed by it.
variable "changed" {
  default = false
}

resource "aws_route53_health_check" "http" {
  type              = "HTTP"
  ip_address        = var.changed ? "127.0.0.2" : "127.0.0.1"
  port              = 80
  resource_path     = var.changed ? "/other" : "/health"
  request_interval  = 30
  failure_threshold = var.changed ? 5 : 3
  tags              = { Name = "http" }
}

resource "aws_route53_health_check" "https" {
  type               = "HTTPS"
  fqdn               = "localhost"
  port               = 443
  request_interval   = 10
  failure_threshold  = 1
  measure_latency    = true
  invert_healthcheck = var.changed
  disabled           = var.changed
  enable_sni         = !var.changed
  regions            = var.changed ? ["us-east-1", "us-west-1", "us-west-2", "sa-east-1"] : ["us-east-1", "us-west-1", "us-west-2"]
}

resource "aws_route53_health_check" "http_match" {
  type              = "HTTP_STR_MATCH"
  fqdn              = "localhost"
  port              = 8080
  request_interval  = 30
  failure_threshold = 3
  search_string     = var.changed ? "up" : "\"ok\" <&> ✓"
}

resource "aws_route53_health_check" "https_match" {
  type              = "HTTPS_STR_MATCH"
  ip_address        = "127.0.0.1"
  fqdn              = "www.example.com"
  port              = 443
  request_interval  = 30
  failure_threshold = 3
  search_string     = "ok"
}

resource "aws_route53_health_check" "tcp" {
  type              = "TCP"
  ip_address        = "127.0.0.1"
  port              = var.changed ? 26 : 25
  request_interval  = 30
  failure_threshold = 3
}

resource "aws_route53_health_check" "calculated" {
  type                   = "CALCULATED"
  child_health_threshold = var.changed ? 2 : 1
  child_healthchecks = var.changed ? [
    aws_route53_health_check.http.id, aws_route53_health_check.https.id, aws_route53_health_check.tcp.id
  ] : [aws_route53_health_check.http.id, aws_route53_health_check.https.id]
  tags = { Name = "calculated" }
}

resource "aws_route53_health_check" "alarm" {
  type                            = "CLOUDWATCH_METRIC"
  cloudwatch_alarm_name           = var.changed ? "other" : "alarm"
  cloudwatch_alarm_region         = "us-east-1"
  insufficient_data_health_status = var.changed ? "Unhealthy" : "LastKnownStatus"
}

resource "aws_route53_health_check" "control" {
  type                = "RECOVERY_CONTROL"
  routing_control_arn = "arn:aws:route53-recovery-control::111122223333:controlpanel/0123456789abcdef0123456789abcdef/routingcontrol/0123456789abcdef"
}
