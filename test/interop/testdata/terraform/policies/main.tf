# Every routing policy with health checks, aliases that evaluate their targets,
# and an alarm that drives a check. What can be changed in place is changed by
# var.changed.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
}

variable "changed" {
  default = false
}

# Where something answers the health checks.
variable "port" {
  type = number
}

locals {
  ttl  = var.changed ? 30 : 60
  from = var.changed ? "198.51.100" : "192.0.2"
}

resource "aws_route53_zone" "zone" {
  name = "policies.example"
}

resource "aws_route53_health_check" "web" {
  for_each          = toset(["one", "two", "three"])
  type              = "HTTP"
  ip_address        = "127.0.0.1"
  port              = var.port
  resource_path     = "/health"
  request_interval  = 30
  failure_threshold = var.changed ? 2 : 3
  tags              = { Name = each.key }
}

resource "aws_route53_health_check" "most" {
  type                   = "CALCULATED"
  child_health_threshold = var.changed ? 1 : 2
  child_healthchecks     = [for c in aws_route53_health_check.web : c.id]
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "HighCPU"
  alarm_description   = "more than it can bear"
  namespace           = "App"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  period              = 300
  evaluation_periods  = 2
  datapoints_to_alarm = 1
  threshold           = var.changed ? 90 : 80.5
  treat_missing_data  = "notBreaching"
  dimensions          = { InstanceId = "i-1234567890abcdef0" }
  alarm_actions       = ["arn:aws:sns:us-east-1:123456789012:alerts"]
  tags                = { Name = "cpu" }
}

resource "aws_route53_health_check" "alarm" {
  type                            = "CLOUDWATCH_METRIC"
  cloudwatch_alarm_name           = aws_cloudwatch_metric_alarm.cpu.alarm_name
  cloudwatch_alarm_region         = "us-east-1"
  insufficient_data_health_status = "Healthy"
}

# Of a health check of Route 53's own metrics.
resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  alarm_name          = "UnhealthyEndpoint"
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  period              = 60
  evaluation_periods  = 2
  threshold           = 1
  dimensions          = { HealthCheckId = aws_route53_health_check.web["one"].id }
}

resource "aws_route53_record" "weighted" {
  for_each        = { one = 70, two = 30, three = 0 }
  zone_id         = aws_route53_zone.zone.zone_id
  name            = "weighted"
  type            = "A"
  ttl             = local.ttl
  set_identifier  = each.key
  records         = ["${local.from}.${each.value}"]
  health_check_id = aws_route53_health_check.web[each.key].id
  weighted_routing_policy { weight = var.changed ? 100 - each.value : each.value }
}

resource "aws_route53_record" "latency" {
  for_each        = { "us-east-1" = "one", "eu-west-1" = "two", "ap-southeast-1" = "three" }
  zone_id         = aws_route53_zone.zone.zone_id
  name            = "latency"
  type            = "AAAA"
  ttl             = local.ttl
  set_identifier  = each.key
  records         = ["2001:db8::1"]
  health_check_id = aws_route53_health_check.web[each.value].id
  latency_routing_policy { region = each.key }
}

resource "aws_route53_record" "primary" {
  zone_id         = aws_route53_zone.zone.zone_id
  name            = "failover"
  type            = "A"
  ttl             = local.ttl
  set_identifier  = "primary"
  records         = ["${local.from}.1"]
  health_check_id = var.changed ? aws_route53_health_check.most.id : aws_route53_health_check.alarm.id
  failover_routing_policy { type = "PRIMARY" }
}

resource "aws_route53_record" "secondary" {
  zone_id        = aws_route53_zone.zone.zone_id
  name           = "failover"
  type           = "A"
  set_identifier = "secondary"
  failover_routing_policy { type = "SECONDARY" }
  alias {
    zone_id                = aws_route53_zone.zone.zone_id
    name                   = aws_route53_record.weighted["one"].fqdn
    evaluate_target_health = var.changed
  }
}

resource "aws_route53_record" "geolocation" {
  for_each       = { default = ["", "*", ""], na = ["NA", "", ""], de = ["", "DE", ""], ca = ["", "US", "CA"], kyiv = ["", "UA", "30"] }
  zone_id        = aws_route53_zone.zone.zone_id
  name           = "geolocation"
  type           = "TXT"
  ttl            = local.ttl
  set_identifier = each.key
  records        = [each.key]
  geolocation_routing_policy {
    continent   = each.value[0] == "" ? null : each.value[0]
    country     = each.value[1] == "" ? null : each.value[1]
    subdivision = each.value[2] == "" ? null : each.value[2]
  }
}

resource "aws_route53_record" "near_region" {
  for_each       = { "us-east-1" = 10, "eu-west-1" = -99, "ap-northeast-1" = 0 }
  zone_id        = aws_route53_zone.zone.zone_id
  name           = "near"
  type           = "A"
  ttl            = local.ttl
  set_identifier = each.key
  records        = ["${local.from}.1"]
  geoproximity_routing_policy {
    aws_region = each.key
    bias       = var.changed ? -each.value : each.value
  }
}

resource "aws_route53_record" "near_local_zone" {
  zone_id        = aws_route53_zone.zone.zone_id
  name           = "near"
  type           = "A"
  ttl            = local.ttl
  set_identifier = "local zone"
  records        = ["${local.from}.2"]
  geoproximity_routing_policy { local_zone_group = "us-east-1-atl-1" }
}

resource "aws_route53_record" "near_coordinates" {
  for_each       = { two = ["37.77", "-122.41"], none = ["+1", "-180"] }
  zone_id        = aws_route53_zone.zone.zone_id
  name           = "near"
  type           = "A"
  ttl            = local.ttl
  set_identifier = each.key
  records        = ["${local.from}.3"]
  geoproximity_routing_policy {
    coordinates {
      latitude  = each.value[0]
      longitude = each.value[1]
    }
  }
}

resource "aws_route53_record" "multivalue" {
  for_each                         = { one = 1, two = 2, three = 3 }
  zone_id                          = aws_route53_zone.zone.zone_id
  name                             = "multivalue"
  type                             = "A"
  ttl                              = local.ttl
  set_identifier                   = each.key
  records                          = ["${local.from}.${each.value}"]
  health_check_id                  = aws_route53_health_check.web[each.key].id
  multivalue_answer_routing_policy = true
}

resource "aws_route53_cidr_collection" "offices" {
  name = "branches"
}

resource "aws_route53_cidr_location" "berlin" {
  cidr_collection_id = aws_route53_cidr_collection.offices.id
  name               = "berlin"
  cidr_blocks        = var.changed ? ["203.0.113.0/24"] : ["203.0.113.0/24", "198.51.100.0/24", "2001:db8::/48"]
}

resource "aws_route53_record" "cidr" {
  for_each       = { berlin = aws_route53_cidr_location.berlin.name, rest = "*" }
  zone_id        = aws_route53_zone.zone.zone_id
  name           = "cidr"
  type           = "A"
  set_identifier = each.key
  cidr_routing_policy {
    collection_id = aws_route53_cidr_collection.offices.id
    location_name = each.value
  }
  alias {
    zone_id                = aws_route53_zone.zone.zone_id
    name                   = each.key == "berlin" ? aws_route53_record.primary.fqdn : aws_route53_record.multivalue["one"].fqdn
    evaluate_target_health = true
  }
}

resource "aws_route53_traffic_policy" "web" {
  name = var.changed ? "web-2" : "web" # names are unique
  lifecycle { create_before_destroy = true } # another document is another policy, and an instance needs one
  document = jsonencode({
    AWSPolicyFormatVersion = "2015-10-01"
    RecordType             = "A"
    StartRule              = "switch"
    Endpoints              = { one = { Type = "value", Value = "${local.from}.1" }, two = { Type = "value", Value = "192.0.2.2" } }
    Rules = { switch = {
      RuleType  = "failover"
      Primary   = { EndpointReference = "one", HealthCheck = aws_route53_health_check.most.id }
      Secondary = { EndpointReference = "two" }
    } }
  })
}

resource "aws_route53_traffic_policy_instance" "www" {
  name                   = "www.policies.example"
  hosted_zone_id         = aws_route53_zone.zone.zone_id
  traffic_policy_id      = aws_route53_traffic_policy.web.id
  traffic_policy_version = aws_route53_traffic_policy.web.version
  ttl                    = local.ttl
}
